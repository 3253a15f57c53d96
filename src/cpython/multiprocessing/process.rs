//! Processes: `Lib/multiprocessing/process.py`, and `poll` and `wait` of `popen_fork.py` and `popen_forkserver.py`.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::connection;
use super::spawn::Preparation;
use crate::cpython::interpreter::pystate::{Interpreter, ThreadState};
use crate::model::StartMethod;
use crate::os::{Activity, Parting, Pipe, Semaphore, ThreadId, ThreadSpec};
use crate::units::{Bytes, Nanos};

/// `multiprocessing.Process`, started.
pub(crate) struct Process {
    /// Its main thread.
    pub(crate) id: ThreadId,
    pub(crate) method: StartMethod,
    /// Posted when the process exits.
    pub(crate) exited: Rc<Semaphore>,
    /// Readable once it has exited.
    pub(crate) sentinel: Rc<Pipe>,
}

impl Process {
    /// `terminate()`: `SIGTERM`, which no worker handles. A process that has exited is left alone.
    pub(crate) async fn terminate(&self, me: &ThreadState) {
        me.bytecode(me.costs().process.terminate).await;
        if let Some(process) = me.os().process_of(self.id) {
            me.os().kill(process);
        }
    }

    /// `join()`
    pub(crate) async fn join(&self, me: &ThreadState) {
        let waiting = me.allow_threads(self.exited.wait(me.os(), me.id));
        me.busy_with(Activity::Idle, waiting).await;
        me.bytecode(me.costs().process.join).await;
    }

    /// `exitcode is not None`: whether the process has exited. `popen_fork.Popen.poll` asks the kernel each time. A
    /// child of the fork server is not the caller's child, so `popen_forkserver.Popen.poll` looks at its sentinel.
    pub(crate) async fn has_exited(&self, me: &ThreadState) -> bool {
        let costs = &me.costs().process;
        me.bytecode(costs.exitcode).await;
        if matches!(self.method, StartMethod::Forkserver) {
            connection::is_readable(me, &self.sentinel).await
        } else {
            me.allow_threads(me.os().compute(me.id, costs.waitpid)).await;
            self.is_over()
        }
    }

    /// Whether the process has exited and has not been joined yet. This looks into the kernel and costs nothing.
    pub(crate) fn is_over(&self) -> bool {
        self.exited.units() > 0
    }

    /// `sentinel`: a pipe that becomes readable when the process exits.
    pub(crate) fn sentinel(&self) -> &Rc<Pipe> {
        &self.sentinel
    }
}

/// What a process does once it has reached its target, on its main thread.
pub(crate) type Main = Box<dyn FnOnce(ThreadState) -> Pin<Box<dyn Future<Output = ()>>>>;

/// A process that is about to start, and what it does on its way to its target and out again.
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) foreground: bool,
    /// `run`
    pub(crate) main: Main,
    /// CPU time before it reads what its work is.
    pub(crate) boot: Nanos,
    /// Additional CPU time of its code, until it has copied the pages that it shares with its parent.
    pub(crate) copies: Nanos,
    /// CPU time of its exit.
    pub(crate) exit: Nanos,
    /// The description of its work. A forked process needs none.
    pub(crate) preparation: Option<Preparation>,
    /// CPU time of its imports, after it has read the description and before it unpickles it. Zero without one.
    pub(crate) imports: Nanos,
    /// Memory that it maps itself, or that it inherits and writes to at once.
    pub(crate) private_memory: Bytes,
    pub(crate) exited: Rc<Semaphore>,
    pub(crate) sentinel: Rc<Pipe>,
    /// The list of processes that it is added to.
    pub(crate) launched: Rc<RefCell<Vec<ThreadId>>>,
}

impl Child {
    /// Creates the process, with one thread that runs `bootstrap`.
    pub(crate) fn launch(self, me: &ThreadState, interpreter: Rc<Interpreter>) -> ThreadId {
        let (process, private_memory) = (interpreter.process, self.private_memory);
        let parting = Parting {
            exited: self.exited.clone(),
            sentinel: self.sentinel.clone(),
        };
        me.os().set_parting(process, parting);
        let spec = ThreadSpec {
            name: interpreter.name.clone(),
            process: Some(process),
            foreground: self.foreground,
            activity: Activity::Starting,
        };
        let launched = self.launched.clone();
        let id = me
            .os()
            .spawn(spec, move |id| self.bootstrap(ThreadState { interpreter, id }));
        launched.borrow_mut().push(id);
        let copied = me.os().copy_on_write(process, private_memory);
        me.os().map(process, Bytes(private_memory.0 - copied.0));
        id
    }

    /// From the first instruction to the exit: `spawn._main`, `BaseProcess._bootstrap`.
    async fn bootstrap(self, me: ThreadState) {
        let os = me.os();
        me.attach().await;
        me.bytecode(self.boot).await;
        if let Some(preparation) = self.preparation {
            preparation.read(&me).await;
            me.bytecode(self.imports).await;
            me.loads(preparation.arguments()).await;
            me.enter(Activity::Starting);
        }
        let copied_after = me.costs().process.copied_after;
        os.share_pages(me.interpreter.process, self.copies, copied_after);
        me.enter(Activity::Running);
        (self.main)(me.clone()).await;
        me.bytecode(self.exit).await;
        os.exit_process(me.interpreter.process);
        self.exited.post(os, me.id).await;
        self.sentinel.hang_up(os, me.id).await;
        me.interpreter.lock.detach_for_good(os, me.id).await;
    }
}
