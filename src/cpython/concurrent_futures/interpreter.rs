//! `InterpreterPoolExecutor`: `Lib/concurrent/futures/interpreter.py` and `Lib/concurrent/interpreters/` of 3.14,
//! `Modules/_interpretersmodule.c` (`_interp_call`), `Python/crossinterp.c`.
//!
//! A thread pool in which each worker has an interpreter of its own, with a lock of its own. A worker is a thread of the
//! main interpreter, and enters its own interpreter for each call:
//!
//! ```text
//!  lock of the main interpreter   take | pack |                          | unpack | set_result
//!  lock of the worker's own                   | unpack | the call | pack |
//! ```
//! Data that crosses is pickled on one side and unpickled on the other, unless it is shareable.

use super::thread::WorkerContext;
use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::{Payload, PayloadKind, draws};
use crate::os::Activity;
use crate::random::{Key, Time};
use crate::units::{Bytes, Nanos};

/// `WorkerContext` of an interpreter pool: calls run in an interpreter of the worker's own.
pub(crate) struct InterpreterContext<I> {
    /// The executor's initializer, which each interpreter runs once.
    pub(crate) initializer: I,
    /// CPU time of the main module's imports, which each interpreter repeats before its first call
    /// (`ensure_isolated_main`).
    pub(crate) imports: Time,
    /// Memory that these imports map.
    pub(crate) modules: Bytes,
    /// Names the draws of `imports`, one for each interpreter.
    pub(crate) key: Key,
}

impl<C: Call, I: Call> WorkerContext<C> for InterpreterContext<I> {
    /// The worker as a thread of its own interpreter.
    type Worker = ThreadState;

    /// `interpreters.create()`: only its first part runs under the lock of the main interpreter, the rest under the lock of
    /// the new one.
    async fn initialize(&self, me: &ThreadState, number: usize) -> ThreadState {
        let costs = me.costs();
        let before = me.enter(Activity::Starting);
        me.bytecode(costs.subinterpreter.create).await;
        me.allocate(self.memory(me));
        let worker = ThreadState {
            interpreter: me.interpreter.sibling(&format!("interpreter {number}")),
            id: me.id,
        };
        swap(me, &worker).await;
        worker.bytecode(costs.subinterpreter.boot).await;
        let imports = draws::imports(self.key, number as u64);
        worker.bytecode(self.imports.sample_keyed(imports)).await;
        self.initializer.run(&worker).await;
        swap(&worker, me).await;
        me.enter(before);
        worker
    }

    /// `Interpreter.call(do_call, ...)`
    async fn run(&self, me: &ThreadState, worker: &ThreadState, call: &C) {
        let (arguments, results) = (call.arguments(), call.results());
        me.busy_with(Activity::Ipc, me.bytecode(me.costs().subinterpreter.call))
            .await;
        me.pack(&arguments).await;
        swap(me, worker).await;
        worker.unpack(&arguments).await;
        call.run(worker).await;
        worker.let_go(&arguments);
        worker.pack(&results).await;
        swap(worker, me).await;
        me.unpack(&results).await;
        me.let_go(&results);
    }

    /// `Interpreter.close()`: `Py_EndInterpreter` runs in the interpreter that ends.
    async fn finalize(&self, me: &ThreadState, worker: ThreadState) {
        swap(me, &worker).await;
        worker.bytecode(me.costs().subinterpreter.close).await;
        worker.interpreter.lock.detach_for_good(me.os(), worker.id).await;
        me.free(self.memory(me));
        me.attach().await;
    }
}

impl<I> InterpreterContext<I> {
    /// Memory of one interpreter with its modules.
    fn memory(&self, me: &ThreadState) -> Bytes {
        Bytes(me.costs().memory.subinterpreter.0 + self.modules.0)
    }
}

/// `_PyThreadState_Swap`: a thread leaves one interpreter and enters another.
async fn swap(from: &ThreadState, to: &ThreadState) {
    from.detach().await;
    to.attach().await;
}

impl ThreadState {
    /// `_PyObject_GetXIData`: prepares objects for crossing. A tuple of arguments is shareable if all of them are.
    async fn pack(&self, payloads: &[Payload]) {
        if are_shareable(payloads) {
            let share = self.costs().subinterpreter.share * payloads.len() as u64;
            self.busy_with(Activity::Ipc, self.native_holding_lock(share))
                .await;
        } else {
            self.dumps(payloads).await;
        }
    }

    /// `_PyXIData_NewObject`: makes objects of the data that has crossed. Bytes are copied here.
    async fn unpack(&self, payloads: &[Payload]) {
        if are_shareable(payloads) {
            let copy = self.costs().pickle.loads.bytes;
            let time: Nanos = payloads.iter().map(|payload| copy.time(payload.size)).sum();
            self.busy_with(Activity::Ipc, self.native_holding_lock(time))
                .await;
            self.hold(payloads);
        } else {
            self.loads(payloads).await;
        }
    }
}

/// `_register_builtins_for_crossinterpreter_data`: bytes, text and numbers are shareable, lists and dictionaries are not.
fn are_shareable(payloads: &[Payload]) -> bool {
    payloads.iter().all(|payload| payload.kind == PayloadKind::Bytes)
}
