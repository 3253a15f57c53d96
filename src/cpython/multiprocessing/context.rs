//! A context, which starts processes by one start method: `Lib/multiprocessing/context.py`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::forkserver::ForkServer;
use super::process::{Child, Process};
use super::spawn::MainModule;
use super::{popen_fork, popen_forkserver, popen_spawn_posix};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::{Payload, StartMethod};
use crate::os::{Activity, Pipe, Semaphore, ThreadId};
use crate::random::{Key, Time};
use crate::units::{Bytes, Nanos};

/// `BaseContext`, of one start method.
pub(crate) struct Launcher {
    method: StartMethod,
    main_module: MainModule,
    /// The number of processes so far.
    started: Cell<u64>,
    /// The main threads of all processes so far, in the order of their creation.
    launched: Rc<RefCell<Vec<ThreadId>>>,
    /// `_forkserver`
    server: ForkServer,
}

impl Launcher {
    /// `get_context(method)`. A new interpreter imports the main module again, which takes `imports` of CPU time and
    /// maps `memory`. `key` names the draws of `imports`.
    pub(crate) fn new(method: StartMethod, imports: Time, memory: Bytes, key: Key) -> Self {
        Self {
            method,
            main_module: MainModule::new(imports, memory, key),
            started: Cell::new(0),
            launched: Rc::default(),
            server: ForkServer::default(),
        }
    }

    /// `get_start_method()`
    pub(crate) fn method(&self) -> StartMethod {
        self.method
    }

    /// The main threads of all processes so far.
    pub(crate) fn launched(&self) -> Vec<ThreadId> {
        self.launched.borrow().clone()
    }

    /// `Process(target=main, args=arguments)` and `start()`. The arguments are pickled unless the process is forked.
    /// To unpickle them the process imports modules, which takes `imports` unless it inherits them.
    pub(crate) async fn start<F: Future<Output = ()> + 'static>(
        &self,
        me: &ThreadState,
        name: &str,
        foreground: bool,
        imports: Nanos,
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
            imports,
            private_memory: me.costs().memory.forked_worker,
            exited: exited.clone(),
            sentinel: sentinel.clone(),
            launched: self.launched.clone(),
        };
        let (module, server) = (&self.main_module, &self.server);
        let id = match self.method {
            StartMethod::Fork => popen_fork::launch(me, child).await,
            StartMethod::Spawn => popen_spawn_posix::launch(me, child, number, module, arguments).await,
            StartMethod::Forkserver => {
                popen_forkserver::launch(me, child, number, module, arguments, server).await
            }
        };
        exited.promise(id);
        me.enter(before);
        Process {
            id,
            method: self.method,
            exited,
            sentinel,
        }
    }

    /// Boots the fork server before the first process needs it, and waits until it takes requests.
    pub(crate) async fn warm_up(&self, me: &ThreadState) {
        let server = self.server.ensure_running(me, &self.main_module).await;
        server.wait_until_ready(me).await;
    }
}
