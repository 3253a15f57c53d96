//! Starting processes: `Lib/multiprocessing/process.py`, `popen_fork.py`, `popen_spawn_posix.py`,
//! `popen_forkserver.py`, `forkserver.py`, `spawn.py`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::connection;
use super::thread_state::{Interpreter, ThreadState};
use crate::model::{Payload, StartMethod, Version, draws};
use crate::os::{Activity, Parting, Pipe, Semaphore, ThreadId, ThreadSpec};
use crate::random::{Key, Time};
use crate::units::{Bytes, Nanos};

/// A `multiprocessing` context: starts processes by one method.
pub struct Launcher {
    method: StartMethod,
    /// CPU time of importing the main module, which every new interpreter does again.
    imports: Time,
    /// What these imports map.
    modules: Bytes,
    /// Names the draws of `imports`, one for each process.
    key: Key,
    started: Cell<u64>,
    /// Main threads of all processes so far, as they come into the world.
    launched: Rc<RefCell<Vec<ThreadId>>>,
    server: RefCell<Option<Rc<ForkServer>>>,
}

/// `multiprocessing.Process`, started.
pub struct Process {
    /// Its main thread.
    pub id: ThreadId,
    exited: Rc<Semaphore>,
    /// Readable once it has exited.
    sentinel: Rc<Pipe>,
    method: StartMethod,
}

/// What a new process does once it is there, on its main thread.
type Main = Box<dyn FnOnce(ThreadState) -> Pin<Box<dyn Future<Output = ()>>>>;

/// How a child gets from its first instruction to its target.
struct Child {
    name: String,
    foreground: bool,
    main: Main,
    /// CPU time before it asks for its work.
    boot: Nanos,
    /// What its code takes longer from then on, until it has copied the pages that it shares with its parent.
    copies: Nanos,
    /// CPU time of its way out.
    exit: Nanos,
    /// Where its work is described, and how.
    preparation: Option<Preparation>,
    /// CPU time of imports, between reading what describes its work and unpickling that: nothing for a forked one, which
    /// reads nothing.
    imports: Nanos,
    /// What it maps anew, or of what it inherits writes to at once.
    private_memory: Bytes,
    exited: Rc<Semaphore>,
    sentinel: Rc<Pipe>,
    /// Where it is written down.
    launched: Rc<RefCell<Vec<ThreadId>>>,
}

#[derive(Clone)]
struct Preparation {
    pipe: Rc<Pipe>,
    length: Bytes,
    payloads: Rc<[Payload]>,
}

impl Launcher {
    /// `get_context(method)`. `imports` is what the main module's imports cost a new interpreter, `modules` what they map.
    pub fn new(method: StartMethod, imports: Time, modules: Bytes, key: Key) -> Self {
        Self {
            method,
            imports,
            modules,
            key,
            started: Cell::new(0),
            launched: Rc::default(),
            server: RefCell::default(),
        }
    }

    /// The main threads of all processes so far.
    pub fn launched(&self) -> Vec<ThreadId> {
        self.launched.borrow().clone()
    }

    /// By which method.
    pub fn method(&self) -> StartMethod {
        self.method
    }

    /// `Process(target=main, args=...)` and `start()`. The arguments are pickled unless the process is forked; to unpickle
    /// them takes `modules` of imports, unless the process inherits these.
    pub async fn start<F: Future<Output = ()> + 'static>(
        &self,
        me: &ThreadState,
        name: &str,
        foreground: bool,
        modules: Nanos,
        arguments: &[Payload],
        main: impl FnOnce(ThreadState) -> F + 'static,
    ) -> Process {
        let before = me.enter(Activity::Starting);
        let costs = &me.costs().process;
        me.bytecode(costs.create).await;
        let number = self.started.replace(self.started.get() + 1);
        let exited = Rc::new(Semaphore::new(me.os(), &format!("{name} to exit"), 0));
        let sentinel = Rc::new(Pipe::new(me.os(), &format!("the sentinel of {name}")));
        let child = Child {
            name: name.to_owned(),
            foreground,
            main: Box::new(move |me| Box::pin(main(me))),
            boot: costs.bootstrap,
            copies: Nanos::ZERO,
            exit: costs.exit,
            preparation: None,
            imports: modules,
            private_memory: me.costs().memory.forked_worker,
            exited: exited.clone(),
            sentinel: sentinel.clone(),
            launched: self.launched.clone(),
        };
        let id = match self.method {
            StartMethod::Fork => fork(me, child).await,
            StartMethod::Spawn => self.spawn(me, child, arguments, number).await,
            StartMethod::Forkserver => self.ask_server(me, child, arguments, number).await,
        };
        exited.promise(id);
        me.enter(before);
        Process {
            id,
            exited,
            sentinel,
            method: self.method,
        }
    }

    /// `popen_spawn_posix.Popen._launch`: a new interpreter, told what to do through a pipe.
    async fn spawn(&self, me: &ThreadState, child: Child, arguments: &[Payload], number: u64) -> ThreadId {
        let costs = &me.costs();
        me.ensure_tracker_is_running().await;
        let preparation = prepare(me, arguments).await;
        me.native_holding_lock(costs.process.exec).await;
        let child = Child {
            boot: costs.process.boot,
            exit: costs.process.spawn_exit,
            preparation: Some(preparation.clone()),
            imports: child.imports + self.imports_of(number),
            private_memory: Bytes(costs.memory.interpreter.0 + self.modules.0),
            ..child
        };
        let id = launch(me, me.interpreter.spawned(&child.name), child);
        // Over 64 KiB the parent waits here until the child has booted and reads.
        me.describe(&preparation).await;
        id
    }

    /// `popen_forkserver.Popen._launch`: the first start boots the server; each one waits for the child's pid.
    async fn ask_server(
        &self,
        me: &ThreadState,
        child: Child,
        arguments: &[Payload],
        number: u64,
    ) -> ThreadId {
        let preparation = prepare(me, arguments).await;
        let server = self.ensure_running(me).await;
        me.bytecode(me.costs().process.forkserver_request).await;
        let imports = if me.interpreter.python.version >= PRELOADS_MAIN_FROM {
            Nanos::ZERO
        } else {
            child.imports + self.imports_of(number)
        };
        let child = Child {
            boot: me.costs().process.forkserver_bootstrap,
            preparation: Some(preparation.clone()),
            imports,
            private_memory: me.costs().memory.forkserver_worker,
            ..child
        };
        let reply = server.request(me, child).await;
        me.describe(&preparation).await;
        me.allow_threads(reply.ready.wait(me.os(), me.id)).await;
        reply.pid.get().expect("the server answers after it has forked")
    }

    /// `forkserver.ensure_running`: boots the server unless it runs.
    async fn ensure_running(&self, me: &ThreadState) -> Rc<ForkServer> {
        let running = self.server.borrow().clone();
        match running {
            Some(server) => server,
            None => {
                let imports = if me.interpreter.python.version >= PRELOADS_MAIN_FROM {
                    self.imports_of(0)
                } else {
                    Nanos::ZERO
                };
                let server = ForkServer::start(me, imports, self.modules).await;
                *self.server.borrow_mut() = Some(server.clone());
                server
            }
        }
    }

    /// Boots the fork server and waits until it takes requests.
    pub async fn warm_up(&self, me: &ThreadState) {
        let server = self.ensure_running(me).await;
        let waiting = me.allow_threads(server.ready.wait(me.os(), me.id));
        me.busy_with(Activity::Starting, waiting).await;
    }

    /// What importing the main module costs process `number`.
    fn imports_of(&self, number: u64) -> Nanos {
        self.imports.sample_keyed(draws::imports(self.key, number))
    }
}

impl Process {
    /// `sentinel`: a pipe that becomes readable when the process exits.
    pub fn sentinel(&self) -> &Rc<Pipe> {
        &self.sentinel
    }

    /// `exitcode is not None`: whether the process has exited. `popen_fork.Popen.poll` asks the kernel each time; a
    /// child of the fork server is not ours, and `popen_forkserver.Popen.poll` looks at its sentinel.
    pub async fn has_exited(&self, me: &ThreadState) -> bool {
        let costs = &me.costs().process;
        me.bytecode(costs.exitcode).await;
        if matches!(self.method, StartMethod::Forkserver) {
            connection::is_readable(me, &self.sentinel).await
        } else {
            me.allow_threads(me.os().compute(me.id, costs.waitpid)).await;
            self.is_over()
        }
    }

    /// Whether it has exited and nobody has joined it yet: as the kernel knows it, without asking.
    pub fn is_over(&self) -> bool {
        self.exited.units() > 0
    }

    /// `terminate()`: `SIGTERM`, which no worker handles. Nothing happens to a process that has exited.
    pub async fn terminate(&self, me: &ThreadState) {
        me.bytecode(me.costs().process.terminate).await;
        if let Some(process) = me.os().process_of(self.id) {
            me.os().kill(process);
        }
    }

    /// `join()`
    pub async fn join(&self, me: &ThreadState) {
        let waiting = me.allow_threads(self.exited.wait(me.os(), me.id));
        me.busy_with(Activity::Idle, waiting).await;
        me.bytecode(me.costs().process.join).await;
    }
}

/// `os.fork()`: in the calling thread, with its interpreter lock held; the more the parent maps, the longer.
async fn fork(me: &ThreadState, child: Child) -> ThreadId {
    let costs = &me.costs().process;
    // One pipe tells the parent that the child is over, the other one the child that the parent is.
    connection::open_pipes(me, 2).await;
    let mapped = me.os().mapped(me.interpreter.process);
    // PyOS_BeforeFork, PyOS_AfterFork_Parent.
    me.stop_the_world().await;
    me.native_holding_lock(costs.fork + costs.fork_per_mib * (mapped.0 >> 20))
        .await;
    me.start_the_world().await;
    me.os()
        .share_pages(me.interpreter.process, costs.copies, costs.copied_after);
    let child = Child {
        copies: costs.child_copies,
        ..child
    };
    let id = launch(me, me.interpreter.forked(&child.name), child);
    // The child's ends.
    connection::close(me, 2).await;
    id
}

/// Pickles what the child has to know.
async fn prepare(me: &ThreadState, arguments: &[Payload]) -> Preparation {
    me.dumps(arguments).await;
    Preparation {
        pipe: Rc::new(Pipe::new(
            me.os(),
            "the pipe that describes the work to a new process",
        )),
        length: Bytes(me.costs().process.preparation.0 + me.pickled_size(arguments).0),
        payloads: arguments.into(),
    }
}

impl ThreadState {
    /// Writes to a new process what it has to know.
    async fn describe(&self, preparation: &Preparation) {
        let writing = preparation.pipe.write(self.os(), self.id, preparation.length);
        self.allow_threads(writing).await;
        self.free(self.pickled_size(&preparation.payloads));
    }
}

/// The child process comes into the world, with one thread.
fn launch(me: &ThreadState, interpreter: Rc<Interpreter>, child: Child) -> ThreadId {
    let (process, private_memory) = (interpreter.process, child.private_memory);
    let parting = Parting {
        exited: child.exited.clone(),
        sentinel: child.sentinel.clone(),
    };
    me.os().set_parting(interpreter.process, parting);
    let spec = ThreadSpec {
        name: interpreter.name.clone(),
        process: Some(interpreter.process),
        foreground: child.foreground,
        activity: Activity::Starting,
    };
    let launched = child.launched.clone();
    let id = me
        .os()
        .spawn(spec, move |id| live(ThreadState { interpreter, id }, child));
    launched.borrow_mut().push(id);
    let copied = me.os().copy_on_write(process, private_memory);
    me.os().map(process, Bytes(private_memory.0 - copied.0));
    id
}

/// From the first instruction to the exit: `spawn._main`, `BaseProcess._bootstrap`.
async fn live(me: ThreadState, child: Child) {
    let os = me.os();
    me.attach().await;
    me.bytecode(child.boot).await;
    if let Some(preparation) = child.preparation {
        let mut left = preparation.length.0;
        while left > 0 {
            left -= me
                .allow_threads(preparation.pipe.read(os, me.id, Bytes(left)))
                .await
                .0;
        }
        me.allocate(me.pickled_size(&preparation.payloads));
        me.bytecode(child.imports).await;
        me.loads(&preparation.payloads).await;
        me.enter(Activity::Starting);
    }
    os.share_pages(
        me.interpreter.process,
        child.copies,
        me.costs().process.copied_after,
    );
    me.enter(Activity::Running);
    (child.main)(me.clone()).await;
    me.bytecode(child.exit).await;
    os.exit_process(me.interpreter.process);
    child.exited.post(os, me.id).await;
    child.sentinel.hang_up(os, me.id).await;
    me.interpreter.lock.detach_for_good(os, me.id).await;
}

/// The first release whose fork server imports the main module, so that its children need not (3.13.9, 3.14.1). Before,
/// the path never reached the server, and every child imported it again: CPython's issue gh-126631.
const PRELOADS_MAIN_FROM: Version = Version::release(3, 13);

/// A process that has imported the main module once and forks on request: `forkserver.main`.
struct ForkServer {
    /// Posted once it waits for requests.
    ready: Semaphore,
    requests: RefCell<VecDeque<(Child, Rc<Reply>)>>,
    arrived: Semaphore,
}

struct Reply {
    ready: Semaphore,
    pid: Cell<Option<ThreadId>>,
}

impl ForkServer {
    /// Boots one, which takes `imports` for the main module, and `modules` of memory.
    async fn start(me: &ThreadState, imports: Nanos, modules: Bytes) -> Rc<Self> {
        let costs = me.costs();
        me.ensure_tracker_is_running().await;
        let server = Rc::new(Self {
            ready: Semaphore::new(me.os(), "the fork server to be up", 0),
            requests: RefCell::default(),
            arrived: Semaphore::new(me.os(), "a request to the fork server", 0),
        });
        me.native_holding_lock(costs.process.exec).await;
        let serving = server.clone();
        let main = move |me: ThreadState| async move { serving.serve(&me).await };
        let child = Child {
            name: "fork server".to_owned(),
            foreground: true,
            main: Box::new(move |me| Box::pin(main(me))),
            boot: costs.process.forkserver_boot + imports,
            copies: Nanos::ZERO,
            exit: costs.process.spawn_exit,
            preparation: None,
            imports: Nanos::ZERO,
            private_memory: Bytes(costs.memory.interpreter.0 + modules.0),
            exited: Rc::new(Semaphore::new(me.os(), "the fork server to exit", 0)),
            sentinel: Rc::new(Pipe::new(me.os(), "the sentinel of the fork server")),
            launched: Rc::default(),
        };
        launch(me, me.interpreter.spawned(&child.name), child);
        server
    }

    async fn request(&self, me: &ThreadState, child: Child) -> Rc<Reply> {
        let ready = Semaphore::new(me.os(), "the fork server's answer", 0);
        let reply = Rc::new(Reply {
            ready,
            pid: Cell::new(None),
        });
        self.requests.borrow_mut().push_back((child, reply.clone()));
        self.arrived.post(me.os(), me.id).await;
        reply
    }

    async fn serve(&self, me: &ThreadState) {
        self.ready.post(me.os(), me.id).await;
        loop {
            let waiting = me.allow_threads(self.arrived.wait(me.os(), me.id));
            me.busy_with(Activity::Idle, waiting).await;
            let (child, reply) = self
                .requests
                .borrow_mut()
                .pop_front()
                .expect("each arrival is a request");
            reply.pid.set(Some(fork(me, child).await));
            reply.ready.post(me.os(), me.id).await;
        }
    }
}
