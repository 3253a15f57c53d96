//! Objects that several threads of an interpreter use, in the free-threaded build: `Include/refcount.h`,
//! `Python/critical_section.c`.
//!
//! A thread counts its references to another thread's object in `ob_ref_shared`, with atomic operations. Before it
//! changes the object it takes its `ob_mutex`, with other atomic operations. All of these write to the object's cache
//! line. The critical sections are only a few instructions long, so threads are hardly ever parked on `ob_mutex`: they
//! wait for the cache line. Objects that a program uses together are modelled as one cache line.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::os::{LineId, Os, Touching};
use crate::profile::FreeThreadedCosts;

/// The shared objects of an interpreter, by the name that the scenario gives them.
#[derive(Default)]
pub struct SharedObjects {
    lines: RefCell<BTreeMap<String, LineId>>,
}

impl SharedObjects {
    /// How often bytecode that uses the objects of this name touches which cache line.
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
