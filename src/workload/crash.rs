//! Steps that may bring their process down, as a segmentation fault in a C extension does, or `os._exit`.
//!
//! What follows from it is nobody's business here: an executor may notice and give up, replace the process, or wait for
//! its result for ever.

use super::World;
use crate::cpython::ThreadState;
use crate::random::{Key, Stream};

impl World {
    /// With this probability, the end of the calling thread's process; `key` names the draw, so that the same item
    /// crashes under every executor.
    pub async fn may_crash(&self, me: &ThreadState, probability: f64, key: Key) {
        if Stream::named(key).unit() >= probability {
            return;
        }
        let is_program = me.interpreter.process == self.process;
        self.record.crashed(me, is_program);
        if is_program {
            // Whatever its children do from now on, nobody sees it.
            me.os().stop();
        }
        match me.crash().await {}
    }
}
