//! Objects that several threads of an interpreter use, in the free-threaded build: `Include/refcount.h`,
//! `Python/critical_section.c`.
//!
//! A thread counts its references to an object that another thread made in `ob_ref_shared`, by atomic operations, and
//! takes the object's `ob_mutex` by others before it changes it. All of them write to the object's cache line. The
//! critical sections themselves are a few instructions long, so that hardly ever is a thread parked on `ob_mutex`: what
//! threads wait for is the line. Objects that a program uses together are taken for one line.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::os::{LineId, Os, Touching};
use crate::profile::FreeThreadedCosts;

/// The shared objects of an interpreter, by the name that the program gives them.
#[derive(Default)]
pub struct SharedObjects {
    lines: RefCell<BTreeMap<String, LineId>>,
}

impl SharedObjects {
    /// What bytecode does that keeps touching the objects of this name.
    pub fn touching(&self, os: &Os, costs: &FreeThreadedCosts, name: &str) -> Touching {
        let mut lines = self.lines.borrow_mut();
        let line = match lines.get(name) {
            Some(line) => *line,
            None => {
                let line = os.add_line();
                lines.insert(name.to_owned(), line);
                line
            }
        };
        Touching {
            line,
            interval: costs.touch_interval,
        }
    }
}
