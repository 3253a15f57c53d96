//! The process that is told of everything shared that has a name: `Lib/multiprocessing/resource_tracker.py`.
//!
//! The first that a process has to tell starts it, unless that process knows one already: a forked child knows the one
//! that ran when it was forked, a spawned child is told. So workers that are forked before the program shares anything
//! start one each. What it does at the end, unlinking what others forgot, is not simulated.

use std::rc::Rc;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{Activity, Pipe, ThreadSpec};
use crate::units::Bytes;

/// `PROBE:0:noop\n`, by which a process finds out that the tracker is still there.
const PROBE: Bytes = Bytes(13);

/// `REGISTER:/psm_12345678:shared_memory\n`, or nearly.
const LINE: Bytes = Bytes(37);

impl ThreadState {
    /// `ensure_running`
    pub async fn ensure_tracker_is_running(&self) {
        let known = self.interpreter.tracker.borrow().clone();
        match known {
            // _check_alive
            Some(tracker) => self.tell(&tracker, PROBE).await,
            None => self.start_tracker().await,
        }
    }

    /// `register` and `unregister`
    pub async fn tell_tracker(&self) {
        self.bytecode(self.costs().shared_memory.register).await;
        self.ensure_tracker_is_running().await;
        let tracker = self.interpreter.tracker.borrow().clone();
        if let Some(tracker) = tracker {
            self.tell(&tracker, LINE).await;
        }
    }

    async fn tell(&self, tracker: &Pipe, line: Bytes) {
        self.allow_threads(tracker.write(self.os(), self.id, line)).await;
    }

    /// `spawnv_passfds`: nobody waits for it to be there.
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
}

/// `main`: reads line after line, as long as somebody may write.
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
