//! One process for each item, as a person writes it with `multiprocessing` alone.

use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use crate::cpython::{Call, Launcher, Process, SharedSimpleQueue, ThreadState};
use crate::os::Activity;
use crate::scenario::ProcessPerTask;
use crate::units::Nanos;

impl Drive for ProcessPerTask {
    /// Starts a process for every item as soon as it may run, and takes the results from a common queue. Where there are
    /// none, and nothing waits for them, joining the processes is enough.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        me.enter(Activity::Ipc);
        let launcher = world.launcher(me, self.start).await;
        if world.plan.has_dependencies() || world.plan.has_results(&world.configuration.tasks) {
            world.start_and_get(me, &launcher).await;
        } else {
            world.start_and_join(me, &launcher).await;
        }
    }
}

impl World {
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
