//! Steps that may end their process, as a segmentation fault in a C extension or `os._exit` does.
//!
//! What happens then depends on the executor: it may fail, replace the process, or wait for its result for ever.

use super::World;
use crate::cpython::ThreadState;
use crate::random::{Key, Stream};

impl World {
    /// Ends the process of the calling thread with this probability. `key` names the draw, so that the same item crashes
    /// under every executor.
    pub async fn may_crash(&self, me: &ThreadState, probability: f64, key: Key) {
        if Stream::named(key).unit() >= probability {
            return;
        }
        let is_program = me.interpreter.process == self.process;
        self.record.crashed(me, is_program);
        if is_program {
            // What its children do from now on has no effect on the results.
            me.os().stop();
        }
        match me.crash().await {}
    }
}
