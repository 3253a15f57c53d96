//! One thread for each item, as a person writes it with `threading` alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use crate::cpython::{Call, SimpleQueue, Thread, ThreadState};
use crate::os::{Activity, ThreadId};
use crate::scenario::ThreadPerTask;

impl Drive for ThreadPerTask {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        start_and_join_threads(world, me, alone).await;
    }
}

/// What the thread of an item does.
async fn alone(world: Rc<World>, me: ThreadState, item: u32) {
    me.busy_with(Activity::Starting, Setup(world.clone()).run(&me))
        .await;
    world.run_item(&me, item).await;
}

/// Starts a thread for every item as soon as it may run, and joins them in that order. A thread tells the main thread
/// through a queue that `alone` has returned.
pub(super) async fn start_and_join_threads<F: Future<Output = ()> + 'static>(
    world: &Rc<World>,
    me: &ThreadState,
    alone: fn(Rc<World>, ThreadState, u32) -> F,
) {
    me.enter(Activity::Ipc);
    let progress = world.plan.progress();
    let done = Rc::new(SimpleQueue::new(me, "an item to be done"));
    let threads: RefCell<BTreeMap<u32, Thread>> = RefCell::default();
    let mut workers: Vec<ThreadId> = Vec::new();
    let mut ready = world.plan.ready_from_the_start();
    for _ in 0..world.plan.len() {
        for item in std::mem::take(&mut ready) {
            world.record.submitted(me, item);
            let (world, done) = (world.clone(), done.clone());
            let run = move |me: ThreadState| async move {
                alone(world, me.clone(), item).await;
                done.put(&me, item).await;
            };
            let thread = Thread::start(me, &format!("thread of item {item}"), true, run).await;
            workers.push(thread.id);
            threads.borrow_mut().insert(item, thread);
        }
        let item = done.get(me).await;
        world.take_results(me, item..item + 1).await;
        ready = world.plan.released_by(&progress, item..item + 1);
    }
    world.record.finish(me, &workers, &[]);
    for thread in threads.take().into_values() {
        thread.join(me).await;
    }
}
