//! Worker processes that read items from one channel and write results to another, as a person writes it with
//! `multiprocessing` alone.
//!
//! ```text
//!  def work(items, results):                           items, results = SimpleQueue(), SimpleQueue()
//!      while (item := items.get()) is not None:        start the workers
//!          results.put(function(item))                 Thread(target=send).start(), or send() in the main thread:
//!                                                          for item in arguments: items.put(item)
//!                                                          for worker in workers: items.put(None)
//!                                                      for item in arguments: results.get()
//!                                                      join the workers
//! ```
//! Only items that have a result send one back. Where some have none, the parent knows that they are done when it has
//! joined the workers, or when `items.join()` returns.

use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use crate::cpython::{Call, Channel, Channels, Process, SharedEnd, Thread, ThreadState};
use crate::os::{Activity, ThreadId};
use crate::scenario::{Consumers, Sender};
use crate::units::{Bytes, Nanos};

/// An item, or where nothing follows, `None`.
type Sent = Option<u32>;

/// Both ways.
struct Ways {
    items: Channel<Sent>,
    results: Channel<Sent>,
}

impl Drive for Consumers {
    /// Until all results are in the parent's hands, and all items without a result are known to be done; and then until
    /// everything is shut down.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let launcher = world.launcher(me, self.start).await;
        let (workers, kind) = (self.workers, self.channel);
        me.enter(Activity::Ipc);
        let channels = Channels::new(me, kind, &launcher).await;
        let shared = |end| if workers > 1 { end } else { SharedEnd::Neither };
        let ways = Rc::new(Ways {
            items: channels
                .channel(me, "the channel of items", shared(SharedEnd::Reading))
                .await,
            results: channels
                .channel(me, "the channel of results", shared(SharedEnd::Writing))
                .await,
        });
        let mut processes: Vec<Process> = Vec::new();
        for number in 0..workers {
            let (world, ways) = (world.clone(), ways.clone());
            let modules = if kind.is_queue() {
                me.costs().queue.imports
            } else {
                Nanos::ZERO
            };
            let main = move |me: ThreadState| async move { world.consume(&me, &ways).await };
            let name = format!("worker {number}");
            processes.push(launcher.start(me, &name, true, modules, &[], main).await);
        }
        let mut helpers: Vec<ThreadId> = Vec::new();
        let mut sending = match self.sender {
            Sender::Main => {
                world.send(me, &ways, workers).await;
                None
            }
            Sender::Thread => {
                let (world, ways) = (world.clone(), ways.clone());
                let send = move |me: ThreadState| async move {
                    me.enter(Activity::Ipc);
                    world.send(&me, &ways, workers).await;
                };
                let thread = Thread::start(me, "sender of items", true, send).await;
                helpers.push(thread.id);
                Some(thread)
            }
        };
        let with_result = (0..world.plan.len())
            .filter(|&item| world.has_result(item))
            .count();
        for _ in 0..with_result {
            if let Some(item) = ways.results.get(me).await {
                world.take_results(me, item..item + 1).await;
            }
        }
        let mut joined = false;
        if with_result < world.plan.len() as usize {
            if let Some(thread) = sending.take() {
                thread.join(me).await;
            }
            joined = world.wait_for_those_without_result(me, &ways, &processes).await;
        }
        helpers.extend(ways.items.feeder_threads());
        let ids: Vec<ThreadId> = processes.iter().map(|process| process.id).collect();
        world.record.finish(me, &ids, &helpers);
        me.enter(Activity::Idle);
        if let Some(thread) = sending {
            thread.join(me).await;
        }
        ways.items.close(me).await;
        if !joined {
            for process in processes {
                process.join(me).await;
            }
        }
        channels.shutdown(me).await;
    }
}

impl World {
    /// Every item with its argument, and the word that there are no more for each worker.
    async fn send(&self, me: &ThreadState, ways: &Ways, workers: u32) {
        for item in 0..self.plan.len() {
            self.record.submitted(me, item);
            self.send_arguments(me, item..item + 1).await;
            let arguments = self.arguments_of(&(item..item + 1));
            ways.items.put(me, Some(item), arguments).await;
        }
        for _ in 0..workers {
            ways.items.put(me, None, Vec::new()).await;
        }
    }

    /// Says whether the workers have been joined for it.
    async fn wait_for_those_without_result(
        &self,
        me: &ThreadState,
        ways: &Ways,
        processes: &[Process],
    ) -> bool {
        let told = ways.items.join(me).await;
        if !told {
            for process in processes {
                process.join(me).await;
            }
        }
        for item in (0..self.plan.len()).filter(|&item| !self.has_result(item)) {
            self.take_results(me, item..item + 1).await;
        }
        !told
    }

    /// The main thread of a worker.
    async fn consume(self: &Rc<Self>, me: &ThreadState, ways: &Ways) {
        let starting = async {
            ways.items.inherit(me).await;
            ways.results.inherit(me).await;
            Setup(self.clone()).run(me).await;
        };
        me.busy_with(Activity::Starting, starting).await;
        while let Some(item) = ways.items.get(me).await {
            self.run_item(me, item).await;
            let (arguments, results) = (
                self.arguments_of(&(item..item + 1)),
                self.results_of(&(item..item + 1)),
            );
            if self.has_result(item) {
                ways.results.put(me, Some(item), results.clone()).await;
            }
            me.let_go(&results);
            me.let_go(&arguments);
            ways.items.task_done(me).await;
        }
        ways.items.task_done(me).await;
        ways.items.close(me).await;
        ways.results.close(me).await;
    }

    fn has_result(&self, item: u32) -> bool {
        let (group, _) = self.plan.place_of(item);
        self.configuration.tasks[group].result.size > Bytes::ZERO
    }
}
