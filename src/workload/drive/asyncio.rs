//! Items and requests as coroutines of one event loop, as a person would write it.
//!
//! ```text
//!  items      await asyncio.gather(*(item(i) for i in ...)), each within `async with semaphore:` if `workers` says so
//!  requests   asyncio.start_server: a task for each connection, while await reader.read(): steps; writer.write(reply)
//! ```
//! An `io` step asks another machine over a connection that is open, and reads the answer: a socket becomes readable. A
//! `lock` is an `asyncio.Lock`. An offloaded step is awaited where the run says.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use super::super::World;
use super::super::clients::{Request, Service};
use super::super::locks;
use super::super::steps::Setup;
use super::Drive;
use crate::cpython::asyncio::{EventLoop, Future as LoopFuture, ListeningSocket, Semaphore, Stream, Task};
use crate::cpython::{
    Call, FuturesExecutor, ProcessPoolExecutor, ThreadContext, ThreadPoolExecutor, ThreadState,
};
use crate::model::{Payload, draws};
use crate::os::{Activity, Os, ThreadId};
use crate::random::Key;
use crate::scenario::{Asyncio, Demand, DependencyKind, Guard, Offload, Step, numbered};

/// What all coroutines of the program share.
pub(super) struct Program {
    world: Rc<World>,
    elsewhere: Elsewhere,
    /// Limits the number of items or requests in flight.
    in_flight: Option<Semaphore>,
    locks: BTreeMap<String, Semaphore>,
    /// Connections to other machines that nobody uses just now.
    idle_connections: RefCell<Vec<Rc<Stream>>>,
}

/// Where offloaded steps run.
enum Elsewhere {
    OnTheLoop,
    Threads(ThreadPoolExecutor<OffloadedStep, ThreadContext<NoInitializer>>),
    Processes(ProcessPoolExecutor<OffloadedStep, Setup>),
}

/// A step as a call of an executor.
#[derive(Clone)]
struct OffloadedStep {
    world: Rc<World>,
    group: usize,
    step: Step,
    /// Names its random draw.
    key: Key,
}

/// The default executor has none.
#[derive(Clone)]
struct NoInitializer;

impl Drive for Asyncio {
    /// The program from its initializer on, which the main thread runs before it runs the loop.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        me.busy_with(Activity::Starting, Setup(world.clone()).run(me))
            .await;
        let elsewhere = match self.offload {
            Offload::Loop => Elsewhere::OnTheLoop,
            Offload::Thread { workers } => {
                Elsewhere::Threads(ThreadPoolExecutor::new(me, workers, ThreadContext(NoInitializer)))
            }
            Offload::Process { workers, start } => {
                let (launcher, setup) = (world.launcher(me, start).await, Setup(world.clone()));
                Elsewhere::Processes(ProcessPoolExecutor::new(me, workers, launcher, setup, None).await)
            }
        };
        let steps = world.configuration.tasks.iter().map(|task| &task.steps);
        let program = Rc::new(Program {
            world: world.clone(),
            elsewhere,
            in_flight: self.in_flight.map(|most| Semaphore::new(most.into())),
            locks: locks::names(steps)
                .into_iter()
                .map(|name| (name, Semaphore::new(1)))
                .collect(),
            idle_connections: RefCell::default(),
        });
        let serves = (world.configuration.tasks.iter()).any(|task| !matches!(task.demand, Demand::Count(_)));
        let main = program.clone();
        EventLoop::run(me, |event_loop| async move {
            if serves {
                main.serve(&event_loop).await;
            } else {
                main.gather_items(&event_loop).await;
            }
        })
        .await;
        let (workers, helpers) = match &program.elsewhere {
            Elsewhere::OnTheLoop => (Vec::new(), Vec::new()),
            Elsewhere::Threads(executor) => (executor.workers(), Vec::new()),
            Elsewhere::Processes(executor) => (executor.workers(), executor.helpers()),
        };
        let workers: Vec<ThreadId> = [me.id].into_iter().chain(workers).collect();
        world.record.finish(me, &workers, &helpers);
        if !serves {
            // shutdown_default_executor
            me.enter(Activity::Idle);
            match &program.elsewhere {
                Elsewhere::OnTheLoop => {}
                Elsewhere::Threads(executor) => executor.shutdown(me).await,
                Elsewhere::Processes(executor) => executor.shutdown(me).await,
            }
        }
    }
}

impl Program {
    /// A program that has no semaphore and no locks, and runs all steps on its loop.
    pub(super) fn on_the_loop(world: &Rc<World>) -> Self {
        Self {
            world: world.clone(),
            elsewhere: Elsewhere::OnTheLoop,
            in_flight: None,
            locks: BTreeMap::new(),
            idle_connections: RefCell::default(),
        }
    }

    /// `await asyncio.gather(...)` of some items, which depend on no others.
    pub(super) async fn gather(self: &Rc<Self>, event_loop: &Rc<EventLoop>, items: Vec<u32>) {
        let mut tasks = Vec::with_capacity(items.len());
        for item in items {
            let (program, inner) = (self.clone(), event_loop.clone());
            let task = async move { program.item(&inner, item, &[]).await };
            tasks.push(event_loop.create_task(task).await);
        }
        let done = event_loop.gather(&tasks).await;
        event_loop.wait(&done).await;
    }

    /// `await asyncio.gather(...)` of all items. One that depends on others awaits their tasks first.
    async fn gather_items(self: &Rc<Self>, event_loop: &Rc<EventLoop>) {
        let world = &self.world;
        let tasks = &world.configuration.tasks;
        let mut items: BTreeMap<usize, Vec<Rc<Task>>> = BTreeMap::new();
        let mut groups: BTreeMap<usize, Rc<LoopFuture>> = BTreeMap::new();
        for &group in world.plan.order() {
            let mut of_group = Vec::new();
            for (index, item) in world.plan.items(group).enumerate() {
                let after = tasks[group].after.iter();
                let after: Vec<Rc<LoopFuture>> = after
                    .map(|edge| match edge.kind {
                        DependencyKind::Each => items[&edge.group][index].done().clone(),
                        DependencyKind::All => groups[&edge.group].clone(),
                    })
                    .collect();
                if after.is_empty() {
                    world.record.submitted(&event_loop.thread, item);
                }
                let (program, inner) = (self.clone(), event_loop.clone());
                let task = event_loop
                    .create_task(async move { program.item(&inner, item, &after).await })
                    .await;
                of_group.push(task);
            }
            let done = event_loop.gather(&of_group).await;
            items.insert(group, of_group);
            groups.insert(group, done);
        }
        for done in groups.values() {
            event_loop.wait(done).await;
        }
    }

    async fn item(&self, event_loop: &Rc<EventLoop>, item: u32, after: &[Rc<LoopFuture>]) {
        let world = &self.world;
        for first in after {
            event_loop.wait(first).await;
        }
        if !after.is_empty() {
            world.record.submitted(&event_loop.thread, item);
        }
        let (group, index) = world.plan.place_of(item);
        self.work(event_loop, group, u64::from(index)).await;
        event_loop.thread.hold(&[world.configuration.tasks[group].result]);
        world.record.in_hands(&event_loop.thread, item..item + 1);
    }

    /// The steps of an item or a request, within `async with semaphore:` if there is one.
    async fn work(&self, event_loop: &Rc<EventLoop>, group: usize, number: u64) {
        let task = &self.world.configuration.tasks[group];
        let key = draws::item(self.world.key, &task.name, number);
        if let Some(in_flight) = &self.in_flight {
            in_flight.acquire(event_loop).await;
        }
        self.play(event_loop, group, &task.steps, key).await;
        if let Some(in_flight) = &self.in_flight {
            in_flight.release(event_loop);
        }
    }

    /// The steps in order, with the same draws as [`World::play_steps`].
    fn play<'a>(
        &'a self,
        event_loop: &'a Rc<EventLoop>,
        group: usize,
        steps: &'a [Step],
        key: Key,
    ) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            for (step, key) in numbered(steps, key) {
                match step {
                    Step::Io(time) => {
                        let idle = self.idle_connections.borrow_mut().pop();
                        let connection = idle.unwrap_or_else(|| event_loop.open_connection());
                        connection.ask(event_loop, time.sample_keyed(key)).await;
                        self.idle_connections.borrow_mut().push(connection);
                    }
                    Step::Lock { name, steps } => {
                        let lock = &self.locks[name];
                        lock.acquire(event_loop).await;
                        self.play(event_loop, group, steps, key).await;
                        lock.release(event_loop);
                    }
                    Step::Repeat { steps, .. } => {
                        for round in step.rounds(key) {
                            self.play(event_loop, group, steps, round).await;
                        }
                    }
                    Step::Python { offload, .. } | Step::Native { offload, .. } => {
                        self.compute(event_loop, group, step, *offload, key).await;
                    }
                    Step::Update { state, window, guard } => {
                        let me = &event_loop.thread;
                        let window = window.as_ref().map(|time| time.sample_keyed(key));
                        match guard {
                            Guard::Lock(name) => {
                                let lock = &self.locks[name];
                                lock.acquire(event_loop).await;
                                self.world.update(me, state, window, &Guard::Nobody).await;
                                lock.release(event_loop);
                            }
                            _ => self.world.update(me, state, window, guard).await,
                        }
                    }
                    Step::Crash { probability } => {
                        self.world.may_crash(&event_loop.thread, *probability, key).await;
                    }
                }
            }
        })
    }

    async fn compute(&self, event_loop: &Rc<EventLoop>, group: usize, step: &Step, offload: bool, key: Key) {
        let call = || OffloadedStep {
            world: self.world.clone(),
            group,
            step: step.clone(),
            key,
        };
        let outcome = match &self.elsewhere {
            Elsewhere::Threads(executor) if offload => event_loop.run_in_executor(executor, call()).await,
            Elsewhere::Processes(executor) if offload => {
                let outcome = event_loop.run_in_executor(executor, call()).await;
                // What has come back is part of the item's result.
                event_loop.thread.let_go(&call().results());
                outcome
            }
            _ => {
                let me = &event_loop.thread;
                me.busy_with(Activity::Running, self.world.play_step(me, step, key))
                    .await;
                Ok(())
            }
        };
        if outcome.is_err() {
            // Nobody catches it: it ends the program, and this coroutine is forgotten with all others.
            self.world.record.raised(outcome);
            event_loop.stop();
            event_loop.wait(&LoopFuture::new()).await;
        }
    }
}

impl Call for OffloadedStep {
    fn arguments(&self) -> Vec<Payload> {
        let tasks = &self.world.configuration.tasks;
        self.world.plan.arguments(tasks, self.group, 1)
    }

    fn results(&self) -> Vec<Payload> {
        let tasks = &self.world.configuration.tasks;
        self.world.plan.results(tasks, self.group, 1)
    }

    async fn run(&self, me: &ThreadState) {
        me.busy_with(Activity::Running, self.world.play_step(me, &self.step, self.key))
            .await;
        if me.interpreter.process != self.world.process {
            me.hold(&self.results());
        }
    }
}

impl Call for NoInitializer {
    fn arguments(&self) -> Vec<Payload> {
        Vec::new()
    }

    fn results(&self) -> Vec<Payload> {
        Vec::new()
    }

    async fn run(&self, _: &ThreadState) {}
}

/// The way to the server: a proxy that keeps its connections open, and makes another where all of them carry a request.
struct Front {
    program: Rc<Program>,
    event_loop: Rc<EventLoop>,
    socket: Rc<ListeningSocket>,
    idle: Rc<RefCell<Vec<Connection>>>,
}

/// Carries one request at a time.
#[derive(Clone)]
struct Connection {
    stream: Rc<Stream>,
    request: Rc<Cell<Option<Request>>>,
}

impl Service for Front {
    async fn arrive(&self, os: &Os, client: ThreadId, request: Request) {
        let idle = self.idle.borrow_mut().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect(client).await,
        };
        connection.request.set(Some(request));
        connection.stream.arrive(os, client).await;
    }
}

impl Front {
    async fn connect(&self, client: ThreadId) -> Connection {
        let request = Rc::new(Cell::new(None));
        let stream = self
            .socket
            .connect(&self.event_loop, client, |stream| {
                let connection = Connection {
                    stream,
                    request: request.clone(),
                };
                let (program, event_loop) = (self.program.clone(), self.event_loop.clone());
                let idle = self.idle.clone();
                Box::pin(async move { program.serve_connection(&event_loop, &connection, &idle).await })
            })
            .await;
        Connection { stream, request }
    }
}

impl Program {
    /// Starts the server, and sleeps until the time of all who ask is up.
    async fn serve(self: &Rc<Self>, event_loop: &Rc<EventLoop>) {
        let me = &event_loop.thread;
        let front = Rc::new(Front {
            program: self.clone(),
            event_loop: event_loop.clone(),
            socket: event_loop.start_server(),
            idle: Rc::default(),
        });
        let end = self.world.start_clients(me, &front);
        event_loop.sleep(end.saturating_sub(me.os().now())).await;
    }

    /// What `start_server` calls for each connection.
    async fn serve_connection(
        &self,
        event_loop: &Rc<EventLoop>,
        connection: &Connection,
        idle: &RefCell<Vec<Connection>>,
    ) {
        loop {
            connection.stream.read(event_loop).await;
            let request = connection.request.take();
            let request = request.expect("what is read from a connection is a request");
            self.work(event_loop, request.group, request.number).await;
            let reply = async {
                idle.borrow_mut().push(connection.clone());
                self.world.reply(&event_loop.thread, &request).await;
            };
            connection.stream.write(event_loop, reply).await;
        }
    }
}
