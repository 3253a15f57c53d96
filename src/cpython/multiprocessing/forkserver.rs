//! The fork server, a process without threads that forks on request: `Lib/multiprocessing/forkserver.py`.
//!
//! ```text
//!  parent   |request|---- writes the description ----|waits for the pid|
//!  server   ---------|fork|pid|-- waits for the next request --
//!  child              |bootstrap|reads the description|unpickles it|target ...
//! ```

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::popen_fork;
use super::process::Child;
use super::spawn::MainModule;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Version;
use crate::os::{Activity, Pipe, Semaphore, ThreadId};
use crate::units::{Bytes, Nanos};

/// The first release whose fork server imports the main module, so that its children need not (3.13.9, 3.14.1). In
/// earlier releases the path never reached the server, and every child imported the module again: gh-126631.
const PRELOADS_MAIN_FROM: Version = Version::release(3, 13);

/// Whether the fork server imports the main module.
pub(crate) fn preloads_main(me: &ThreadState) -> bool {
    me.interpreter.python.version >= PRELOADS_MAIN_FROM
}

/// `ForkServer`: the server as its clients know it, running or not.
#[derive(Default)]
pub(crate) struct ForkServer {
    running: RefCell<Option<Rc<Running>>>,
}

/// A server that has been started.
pub(crate) struct Running {
    /// Posted once the server waits for requests.
    ready: Semaphore,
    requests: RefCell<VecDeque<(Child, Rc<Status>)>>,
    arrived: Semaphore,
}

/// The pipe from which a client reads the pid of its new process.
pub(crate) struct Status {
    written: Semaphore,
    pid: Cell<Option<ThreadId>>,
}

impl ForkServer {
    /// `ensure_running`: boots the server unless it runs.
    pub(crate) async fn ensure_running(&self, me: &ThreadState, main_module: &MainModule) -> Rc<Running> {
        let running = self.running.borrow().clone();
        match running {
            Some(running) => running,
            None => {
                let running = Running::start(me, main_module).await;
                *self.running.borrow_mut() = Some(running.clone());
                running
            }
        }
    }
}

impl Running {
    /// `spawnv_passfds`: nobody waits until the server is up.
    async fn start(me: &ThreadState, main_module: &MainModule) -> Rc<Self> {
        let costs = me.costs();
        let imports = if preloads_main(me) {
            main_module.imports_of(0)
        } else {
            Nanos::ZERO
        };
        me.ensure_tracker_is_running().await;
        let server = Rc::new(Self {
            ready: Semaphore::new(me.os(), "the fork server to be up", 0),
            requests: RefCell::default(),
            arrived: Semaphore::new(me.os(), "a request to the fork server", 0),
        });
        me.native_holding_lock(costs.process.exec).await;
        let serving = server.clone();
        let main = move |me: ThreadState| async move { serving.main(&me).await };
        let child = Child {
            name: "fork server".to_owned(),
            foreground: true,
            main: Box::new(move |me| Box::pin(main(me))),
            boot: costs.process.forkserver_boot + imports,
            copies: Nanos::ZERO,
            exit: costs.process.spawn_exit,
            preparation: None,
            imports: Nanos::ZERO,
            private_memory: Bytes(costs.memory.interpreter.0 + main_module.memory.0),
            exited: Rc::new(Semaphore::new(me.os(), "the fork server to exit", 0)),
            sentinel: Rc::new(Pipe::new(me.os(), "the sentinel of the fork server")),
            launched: Rc::default(),
        };
        let interpreter = me.interpreter.spawned(&child.name);
        child.launch(me, interpreter);
        server
    }

    /// Waits until the server takes requests.
    pub(crate) async fn wait_until_ready(&self, me: &ThreadState) {
        let waiting = me.allow_threads(self.ready.wait(me.os(), me.id));
        me.busy_with(Activity::Starting, waiting).await;
    }

    /// `connect_to_new_process`: asks the server for a child.
    pub(crate) async fn connect_to_new_process(&self, me: &ThreadState, child: Child) -> Rc<Status> {
        let status = Rc::new(Status {
            written: Semaphore::new(me.os(), "the fork server's answer", 0),
            pid: Cell::new(None),
        });
        self.requests.borrow_mut().push_back((child, status.clone()));
        self.arrived.post(me.os(), me.id).await;
        status
    }

    /// `main`
    async fn main(&self, me: &ThreadState) {
        self.ready.post(me.os(), me.id).await;
        loop {
            let waiting = me.allow_threads(self.arrived.wait(me.os(), me.id));
            me.busy_with(Activity::Idle, waiting).await;
            let (child, status) = self
                .requests
                .borrow_mut()
                .pop_front()
                .expect("each arrival is a request");
            status.pid.set(Some(popen_fork::launch(me, child).await));
            status.written.post(me.os(), me.id).await;
        }
    }
}

impl Status {
    /// `read_signed`: waits for the pid.
    pub(crate) async fn read_pid(&self, me: &ThreadState) -> ThreadId {
        me.allow_threads(self.written.wait(me.os(), me.id)).await;
        self.pid.get().expect("the server answers after it has forked")
    }
}
