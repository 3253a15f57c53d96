//! `"server"`: one process whose threads serve a common queue of requests.

use crate::input::{Complaint, Value};

use super::super::decode::small;
use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// One process whose threads serve a common queue of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Server threads.
    pub threads: u32,
}

impl Describe for Server {
    const KEYS: &'static [&'static str] = &["workers", "threads"];
    const ACCEPTS: Accepts = Accepts::Requests;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let threads = run.reader.integer("threads");
        if let Some(field) = run.reader.given("workers") {
            let one = match field.node.value {
                Value::Integer(_) => field.integer()? == 1,
                _ => false,
            };
            if !one {
                return field.refuse(
                    Complaint::at(
                        field.node.place,
                        "a server of several processes is not simulated yet",
                    )
                    .label("not implemented yet")
                    .help("set workers = 1, with any number of `threads`"),
                );
            }
        }
        let threads = small(threads?);
        Some(Self { threads })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.threads),
            ..Facts::of(Home::Threads)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        self.threads.into()
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        (!cfg!(unix)).then_some("a server can be measured only on systems with `fork`")
    }
}
