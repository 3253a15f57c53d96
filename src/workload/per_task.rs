//! One thread or one process for each item, as a person writes it with `threading` or `multiprocessing` alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::World;
use super::steps::Setup;
use crate::cpython::{Call, Launcher, Process, SharedSimpleQueue, SimpleQueue, Thread, ThreadState};
use crate::model::StartMethod;
use crate::os::{Activity, ThreadId};
use crate::units::Nanos;

impl World {
    /// Starts a thread for every item as soon as it may run, and joins them in that order.
    pub async fn run_thread_per_task(self: &Rc<Self>, me: &ThreadState) {
        me.enter(Activity::Ipc);
        let progress = self.plan.progress();
        let done = Rc::new(SimpleQueue::new(me, "an item to be done"));
        let threads: RefCell<BTreeMap<u32, Thread>> = RefCell::default();
        let mut workers: Vec<ThreadId> = Vec::new();
        let mut ready = self.plan.ready_from_the_start();
        for _ in 0..self.plan.len() {
            for item in std::mem::take(&mut ready) {
                self.record.submitted(me, item);
                let (world, done) = (self.clone(), done.clone());
                let run = move |me: ThreadState| async move {
                    me.busy_with(Activity::Starting, Setup(world.clone()).run(&me))
                        .await;
                    world.run_item(&me, item).await;
                    done.put(&me, item).await;
                };
                let thread = Thread::start(me, &format!("thread of item {item}"), true, run).await;
                workers.push(thread.id);
                threads.borrow_mut().insert(item, thread);
            }
            let item = done.get(me).await;
            self.take_results(me, item..item + 1).await;
            ready = self.plan.released_by(&progress, item..item + 1);
        }
        self.record.finish(me, &workers, &[]);
        for thread in threads.take().into_values() {
            thread.join(me).await;
        }
    }

    /// Starts a process for every item as soon as it may run, and takes the results from a common queue. Where there are
    /// none, and nothing waits for them, joining the processes is enough.
    pub async fn run_process_per_task(self: &Rc<Self>, me: &ThreadState, method: StartMethod) {
        me.enter(Activity::Ipc);
        let launcher = self.launcher(me, method).await;
        if self.plan.has_dependencies() || self.plan.has_results(&self.configuration.tasks) {
            self.start_and_get(me, &launcher).await;
        } else {
            self.start_and_join(me, &launcher).await;
        }
    }

    async fn start_and_get(self: &Rc<Self>, me: &ThreadState, launcher: &Launcher) {
        let progress = self.plan.progress();
        let results = Rc::new(SharedSimpleQueue::new(me.os(), "the result queue"));
        let mut processes: Vec<Process> = Vec::new();
        let mut ready = self.plan.ready_from_the_start();
        for _ in 0..self.plan.len() {
            for item in std::mem::take(&mut ready) {
                processes.push(self.start_process(me, launcher, item, Some(&results)).await);
            }
            let item = results.get(me).await;
            self.take_results(me, item..item + 1).await;
            ready = self.plan.released_by(&progress, item..item + 1);
        }
        self.record.finish(me, &launcher.launched(), &[]);
        for process in processes {
            process.join(me).await;
        }
    }

    async fn start_and_join(self: &Rc<Self>, me: &ThreadState, launcher: &Launcher) {
        let mut processes: Vec<(u32, Process)> = Vec::new();
        for item in self.plan.ready_from_the_start() {
            processes.push((item, self.start_process(me, launcher, item, None).await));
        }
        for (item, process) in processes {
            process.join(me).await;
            self.take_results(me, item..item + 1).await;
        }
        self.record.finish(me, &launcher.launched(), &[]);
    }

    /// `Process(target=..., args=...).start()`; the process puts its result into `results`, if there is such a queue.
    async fn start_process(
        self: &Rc<Self>,
        me: &ThreadState,
        launcher: &Launcher,
        item: u32,
        results: Option<&Rc<SharedSimpleQueue<u32>>>,
    ) -> Process {
        self.record.submitted(me, item);
        self.send_arguments(me, item..item + 1).await;
        let arguments = self.arguments_of(&(item..item + 1));
        let (world, results) = (self.clone(), results.cloned());
        let modules = results.as_ref().map_or(Nanos::ZERO, |_| me.costs().queue.imports);
        let main = move |me: ThreadState| async move {
            me.busy_with(Activity::Starting, Setup(world.clone()).run(&me))
                .await;
            world.run_item(&me, item).await;
            if let Some(results) = results {
                results.put(&me, item, world.results_of(&(item..item + 1))).await;
            }
        };
        let name = format!("process of item {item}");
        launcher.start(me, &name, true, modules, &arguments, main).await
    }
}
