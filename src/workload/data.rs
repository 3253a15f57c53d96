//! What the items' data occupies, and how it gets to other processes where it is not pickled.
//!
//! The caller has all arguments from the start (`items = load()`), and keeps all results until the end. Where data
//! travels in shared memory, a person writes this around the function that is called:
//!
//! ```text
//!  caller   segment = SharedMemory(create=True, size=...); copies the item into it, drops the item, closes
//!  worker   attaches, does its steps on it, puts the result into a segment of its own, closes both
//!  caller   copies the result out, closes; unlinks both segments
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

/// The name of a segment, as it travels. Source: the length of a pickled `SharedMemory.name`.
const NAME: Payload = Payload {
    size: Bytes(27),
    kind: PayloadKind::Bytes,
};

/// What a worker touches in one go, for the sake of others whose memory runs out meanwhile.
const AT_A_TIME: Bytes = Bytes(4 << 20);

/// The segments that exist, by item, and which workers have used the program's data.
#[derive(Default)]
pub(super) struct Data {
    arguments: RefCell<BTreeMap<u32, SharedMemory>>,
    results: RefCell<BTreeMap<u32, SharedMemory>>,
    touched: RefCell<BTreeSet<ProcessId>>,
}

impl World {
    /// The program is there, with the arguments of all items.
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

    /// What travels to a worker with some items of one group.
    pub fn arguments_of(&self, items: &Range<u32>) -> Vec<Payload> {
        let (group, _) = self.plan.place_of(items.start);
        let count = items.len() as u32;
        self.as_it_travels(
            self.plan.arguments(&self.configuration.tasks, group, count),
            count,
        )
    }

    /// What travels back.
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

    /// Whether this lies in shared memory.
    fn shares(&self, payloads: &[Payload]) -> bool {
        self.configuration.transport == Transport::SharedMemory && total(payloads) > Bytes::ZERO
    }

    /// The caller makes items ready to travel.
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

    /// A worker takes an item up.
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

    /// A worker has done an item: its result is there.
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

    /// The caller has the results of some items.
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

    /// Objects that a worker uses: one that was forked writes to their reference counts, and so copies their pages; others
    /// have made their own. Once for what all items use, and for an argument that has not been pickled.
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
        // A process for each item is forked with its argument.
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

    /// The program's end: the interpreter deallocates one by one what has been unpickled. Its memory stays, for the kernel
    /// takes back the whole process.
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

/// A new segment with data in it, which is closed already.
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
