//! The resource tracker, a process that keeps a list of all shared resources with a name:
//! `Lib/multiprocessing/resource_tracker.py`.
//!
//! A process starts it when it first has something to register, unless it knows one already. A forked child knows the one
//! that existed at the fork, a spawned child is sent the descriptor. So workers that are forked before the program shares
//! anything start one each. At its end the tracker unlinks what is left; this is not modelled.

use std::rc::Rc;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{Activity, Pipe, ThreadSpec};
use crate::units::Bytes;

/// `PROBE:0:noop\n`, with which a process checks that the tracker still exists.
const PROBE: Bytes = Bytes(13);

/// `REGISTER:/psm_12345678:shared_memory\n`, or a similar line.
const LINE: Bytes = Bytes(37);

impl ThreadState {
    /// `ensure_running`
    pub(crate) async fn ensure_tracker_is_running(&self) {
        let known = self.interpreter.tracker.borrow().clone();
        match known {
            // _check_alive
            Some(tracker) => self.tell(&tracker, PROBE).await,
            None => self.start_tracker().await,
        }
    }

    /// `_launch`: no thread waits until the tracker is up.
    async fn start_tracker(&self) {
        let os = self.os();
        let tracker = Rc::new(Pipe::new(os, "the pipe to the resource tracker"));
        *self.interpreter.tracker.borrow_mut() = Some(tracker.clone());
        self.native_holding_lock(self.costs().shared_memory.tracker_start)
            .await;
        let interpreter = self.interpreter.spawned("the resource tracker");
        let process = interpreter.process;
        let spec = ThreadSpec {
            name: interpreter.name.clone(),
            process: Some(interpreter.process),
            foreground: true,
            activity: Activity::Starting,
        };
        os.spawn(spec, move |id| async move {
            let me = Self { interpreter, id };
            main(&me, &tracker).await;
        });
        os.map(process, self.costs().memory.resource_tracker);
    }

    /// `register` and `unregister`
    pub(crate) async fn tell_tracker(&self) {
        self.bytecode(self.costs().shared_memory.register).await;
        self.ensure_tracker_is_running().await;
        let tracker = self.interpreter.tracker.borrow().clone();
        if let Some(tracker) = tracker {
            self.tell(&tracker, LINE).await;
        }
    }

    /// `_send`
    async fn tell(&self, tracker: &Pipe, line: Bytes) {
        self.allow_threads(tracker.write(self.os(), self.id, line)).await;
    }
}

/// `main`: reads lines as long as a process can write.
async fn main(me: &ThreadState, pipe: &Pipe) {
    let os = me.os();
    me.attach().await;
    me.bytecode(me.costs().shared_memory.tracker_boot).await;
    loop {
        me.enter(Activity::Idle);
        let read = me
            .allow_threads(pipe.read(os, me.id, crate::os::PIPE_CAPACITY))
            .await;
        me.enter(Activity::Ipc);
        me.bytecode(me.costs().shared_memory.track * read.0.div_ceil(LINE.0))
            .await;
    }
}
