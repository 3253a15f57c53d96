//! What a thread does between two checks of the eval breaker: `Python/ceval.c`, `_Py_HandlePending` of
//! `Python/ceval_gil.c`, and the macros `Py_BEGIN_ALLOW_THREADS` and `Py_END_ALLOW_THREADS` of `Include/ceval.h`.
//!
//! In the free-threaded build the eval breaker tells a thread to stop with the rest of the world, bytecode takes longer,
//! and shared objects slow down every thread that uses them: see [`shared_objects`](super::shared_objects).

use super::ceval_gil::Gil;
use super::interpreter_lock::{FreeThreaded, InterpreterLock};
use super::pystate::ThreadState;
use crate::model::Version;
use crate::os::{Activity, Work};
use crate::units::Nanos;

impl ThreadState {
    /// Runs bytecode for `time` and gives way to other threads as this version of the interpreter does.
    pub async fn bytecode(&self, time: Nanos) {
        match &self.interpreter.lock {
            InterpreterLock::Ticker(lock) => lock.evaluate(self.os(), self.id, time).await,
            InterpreterLock::Gil(gil) => self.evaluate(gil, time).await,
            InterpreterLock::FreeThreaded(free) => self.evaluate_freely(free, time).await,
        }
    }

    /// Runs an augmented assignment, `state.n += 1`: a load, an addition and a store, which take `time` together. From
    /// 3.10 on the eval breaker is not checked between them, so that no other thread that needs the interpreter lock can
    /// run in between.
    pub async fn augmented_assignment(&self, time: Nanos) {
        let checks_are_rare = self.interpreter.python.version >= Version::release(3, 10);
        match &self.interpreter.lock {
            InterpreterLock::Gil(_) if checks_are_rare => {
                self.os().compute(self.id, time).await;
            }
            _ => self.bytecode(time).await,
        }
    }

    /// Runs bytecode that keeps using objects which the threads of this interpreter share under the given name. With an
    /// interpreter lock it is no different from other bytecode.
    pub async fn bytecode_that_shares(&self, time: Nanos, name: &str) {
        let InterpreterLock::FreeThreaded(_) = &self.interpreter.lock else {
            return self.bytecode(time).await;
        };
        let touching = self
            .interpreter
            .shared_objects
            .touching(self.os(), &self.costs().free_threaded, name);
        self.os().touch(self.id, Some(touching));
        self.bytecode(time).await;
        self.os().touch(self.id, None);
    }

    /// `_PyEval_EvalFrameDefault`, as far as it concerns the eval breaker.
    async fn evaluate(&self, gil: &Gil, time: Nanos) {
        let os = self.os();
        let mut left = Work::at_full_speed(time);
        while !left.is_done() {
            // If the request was made before this burst began, in a C call, the next check is near.
            let burst = if gil.drop_requested(self.id) {
                left.min(Work::at_full_speed(gil.until_eval_check()))
            } else {
                left
            };
            left = left
                .minus(burst)
                .plus(os.execute_interruptibly(self.id, burst).await);
            if !left.is_done() {
                self.handle_pending(gil).await;
            }
        }
    }

    /// `_PyEval_EvalFrameDefault` in the free-threaded build: if the eval breaker says so, the thread stops with the rest
    /// of the world, or stops the world to collect garbage.
    async fn evaluate_freely(&self, FreeThreaded { world, collector }: &FreeThreaded, time: Nanos) {
        let os = self.os();
        let slowdown = self
            .costs()
            .free_threaded
            .slowdown
            .of(self.interpreter.python.version.minor);
        let mut left = Work::at_full_speed(time).scaled(slowdown);
        while !left.is_done() {
            let mut burst = left.min(collector.until_report(self));
            // If the request was made before this burst began, in a C call, the next check is near.
            if world.stop_requested(self.id) {
                burst = burst.min(Work::at_full_speed(world.until_eval_check()));
            }
            let undone = os.execute_interruptibly(self.id, burst).await;
            let done = burst.minus(undone);
            left = left.minus(done);
            let collection_is_due = collector.record(self, done);
            if !left.is_done() && world.stop_requested(self.id) {
                world.suspend(os, self.id).await;
                self.attach().await;
            }
            if collection_is_due {
                collector.collect(world, self).await;
            }
        }
    }

    /// Runs a C function that keeps the interpreter lock. The eval breaker is checked only when it returns
    /// (`CHECK_PERIODIC` at the end of `CALL`).
    pub async fn native_holding_lock(&self, time: Nanos) {
        self.os().execute(self.id, time).await;
        if let InterpreterLock::Gil(gil) = &self.interpreter.lock {
            self.handle_pending(gil).await;
        }
    }

    /// `_Py_HandlePending`, as far as it concerns the drop request.
    async fn handle_pending(&self, gil: &Gil) {
        if gil.drop_requested(self.id) {
            self.detach().await;
            self.attach().await;
        }
    }

    /// Runs a C function that releases the interpreter lock while it computes.
    pub async fn native(&self, time: Nanos) {
        self.allow_threads(self.os().compute(self.id, time)).await;
    }

    /// Waits for a device without the interpreter lock.
    pub async fn io(&self, time: Nanos) {
        let waiting = async {
            let before = self.enter(Activity::Io);
            self.os().wait_for_device(self.id, time).await;
            self.enter(before);
        };
        self.allow_threads(waiting).await;
    }

    /// `Py_BEGIN_ALLOW_THREADS ... Py_END_ALLOW_THREADS`
    pub async fn allow_threads<T>(&self, blocking: impl Future<Output = T>) -> T {
        self.detach().await;
        let result = blocking.await;
        self.attach().await;
        result
    }
}
