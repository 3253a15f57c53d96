//! The memory that the items' data occupies, and how data gets to other processes without pickling.
//!
//! The parent has all arguments from the start (`items = load()`), and keeps all results until the end. With shared
//! memory, a program does the following around the function that is called:
//!
//! ```text
//!  parent   segment = SharedMemory(create=True, size=...); copies the item into it, drops the item, closes
//!  worker   attaches, does its steps on it, puts the result into a segment of its own, closes both
//!  parent   copies the result out, closes; unlinks both segments
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::World;
use crate::cpython::{SharedMemory, ThreadState};
use crate::model::{Payload, PayloadKind, StartMethod};
use crate::os::{Activity, ProcessId, pages};
use crate::scenario::{Demand, Transport};
use crate::units::Bytes;

/// The pickled name of a segment. Source: the length of a pickled `SharedMemory.name`.
const NAME: Payload = Payload {
    size: Bytes(27),
    kind: PayloadKind::Bytes,
};

/// How much a worker touches at once. Larger data is touched in parts, because memory may run out meanwhile.
const AT_A_TIME: Bytes = Bytes(4 << 20);

/// The segments that exist, by item, and the workers that have used the program's data.
#[derive(Default)]
pub(super) struct Data {
    arguments: RefCell<BTreeMap<u32, SharedMemory>>,
    results: RefCell<BTreeMap<u32, SharedMemory>>,
    touched: RefCell<BTreeSet<ProcessId>>,
}

impl World {
    /// Accounts for the memory of the program and of the arguments of all items.
    pub fn load(&self, me: &ThreadState) {
        let program = &self.configuration.program;
        let parts = [me.costs().memory.interpreter, program.modules, program.memory];
        for part in parts {
            me.allocate(part);
        }
        for task in &self.configuration.tasks {
            if let Demand::Count(count) = task.demand {
                let size = task.argument.size.0.saturating_mul(count);
                me.hold(&[Payload {
                    size: Bytes(size),
                    ..task.argument
                }]);
            }
        }
    }

    /// The data that is sent to a worker with some items of one group.
    pub fn arguments_of(&self, items: &Range<u32>) -> Vec<Payload> {
        let (group, _) = self.plan.place_of(items.start);
        let count = items.len() as u32;
        self.as_it_travels(
            self.plan.arguments(&self.configuration.tasks, group, count),
            count,
        )
    }

    /// The data that is sent back.
    pub fn results_of(&self, items: &Range<u32>) -> Vec<Payload> {
        let (group, _) = self.plan.place_of(items.start);
        let count = items.len() as u32;
        self.as_it_travels(self.plan.results(&self.configuration.tasks, group, count), count)
    }

    fn as_it_travels(&self, payloads: Vec<Payload>, count: u32) -> Vec<Payload> {
        if self.shares(&payloads) {
            let size = Bytes(NAME.size.0 * u64::from(count));
            vec![Payload { size, ..NAME }]
        } else {
            payloads
        }
    }

    /// Whether this data is in shared memory.
    fn shares(&self, payloads: &[Payload]) -> bool {
        self.configuration.transport == Transport::SharedMemory && total(payloads) > Bytes::ZERO
    }

    /// The parent prepares items to be sent.
    pub async fn send_arguments(&self, me: &ThreadState, items: Range<u32>) {
        for item in items {
            let (group, _) = self.plan.place_of(item);
            let arguments = self.plan.arguments(&self.configuration.tasks, group, 1);
            if self.shares(&arguments) {
                let segment = put_into_segment(me, total(&arguments)).await;
                self.data.arguments.borrow_mut().insert(item, segment);
                me.let_go(&[self.configuration.tasks[group].argument]);
            }
        }
    }

    /// A worker receives the data of an item.
    pub async fn receive_arguments(&self, me: &ThreadState, item: u32) {
        let segment = self.data.arguments.borrow().get(&item).copied();
        if let Some(segment) = segment {
            me.busy_with(Activity::Ipc, async {
                segment.attach(me).await;
                segment.touch(me).await;
            })
            .await;
        }
        self.touch(me, item).await;
    }

    /// A worker has finished an item and has its result.
    pub async fn send_result(&self, me: &ThreadState, item: u32) {
        let (group, _) = self.plan.place_of(item);
        let result = [self.configuration.tasks[group].result];
        me.hold(&result);
        if self.shares(&result) {
            let segment = put_into_segment(me, total(&result)).await;
            self.data.results.borrow_mut().insert(item, segment);
            me.let_go(&result);
            me.hold(&[NAME]);
        }
        let arguments = self.data.arguments.borrow().get(&item).copied();
        if let Some(segment) = arguments {
            me.busy_with(Activity::Ipc, segment.close(me)).await;
        }
    }

    /// The parent has received the results of some items.
    pub async fn take_results(&self, me: &ThreadState, items: Range<u32>) {
        for item in items.clone() {
            let result = self.data.results.borrow_mut().remove(&item);
            if let Some(segment) = result {
                let (group, _) = self.plan.place_of(item);
                me.busy_with(Activity::Ipc, async {
                    segment.attach(me).await;
                    segment.copy_out(me).await;
                    me.hold(&[self.configuration.tasks[group].result]);
                    segment.close(me).await;
                    segment.unlink(me).await;
                })
                .await;
            }
            let arguments = self.data.arguments.borrow_mut().remove(&item);
            if let Some(segment) = arguments {
                me.busy_with(Activity::Ipc, segment.unlink(me)).await;
            }
        }
        self.record.in_hands(me, items);
    }

    /// Accounts for the objects that a worker uses. A forked worker writes to their reference counts, and so copies their
    /// pages; other workers have objects of their own. This happens once for the data that all items use, and for each
    /// argument that has not been pickled.
    async fn touch(&self, me: &ThreadState, item: u32) {
        let executor = &self.configuration.executor;
        let Some(method) = executor.start_method() else {
            return;
        };
        let process = me.interpreter.process;
        let mut touched = Bytes::ZERO;
        if self.data.touched.borrow_mut().insert(process) {
            touched = self.configuration.program.touched;
        }
        if method != StartMethod::Fork {
            return me.allocate(touched);
        }
        // The process of an item is forked together with its argument.
        if executor.facts().inherits_arguments {
            let (group, _) = self.plan.place_of(item);
            let mut arguments = self.plan.arguments(&self.configuration.tasks, group, 1);
            arguments.retain(|payload| payload.kind != PayloadKind::Bytes);
            touched.0 = touched.0.saturating_add(me.size_as_objects(&arguments).0);
        }
        let cost = me.costs().memory.copy_on_write;
        while touched > Bytes::ZERO {
            let part = me.os().copy_on_write(process, Bytes(touched.0.min(AT_A_TIME.0)));
            me.bytecode(cost * pages(part)).await;
            touched.0 -= AT_A_TIME.0.min(touched.0);
            if part == Bytes::ZERO {
                break;
            }
        }
    }

    /// At the end of the program the interpreter deallocates the unpickled objects one by one. Their memory stays, because
    /// the kernel frees that of the whole process.
    pub async fn let_go_of_results(&self, me: &ThreadState) {
        let unpickled = self.configuration.executor.facts().pickles();
        for task in self.configuration.tasks.iter().filter(|_| unpickled) {
            if let Demand::Count(count) = task.demand {
                let time = me.time_to_free(task.result) * count;
                me.native_holding_lock(time).await;
            }
        }
    }
}

/// Creates a segment, copies data into it and closes it.
async fn put_into_segment(me: &ThreadState, size: Bytes) -> SharedMemory {
    let before = me.enter(Activity::Ipc);
    let segment = SharedMemory::create(me, size).await;
    segment.copy_in(me).await;
    segment.close(me).await;
    me.enter(before);
    segment
}

fn total(payloads: &[Payload]) -> Bytes {
    let sizes = payloads.iter().map(|payload| payload.size.0);
    Bytes(sizes.fold(0, u64::saturating_add))
}
