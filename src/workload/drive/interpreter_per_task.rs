//! One interpreter for each item, as a person writes it with `threading` and `concurrent.interpreters`:
//!
//! ```text
//!  def alone(item):                                    for item in items: Thread(target=alone, args=(item,)).start()
//!      interpreter = interpreters.create()             for item in items: done.get()
//!      result = interpreter.call(function, item)       join the threads
//!      interpreter.close()
//!      done.put(result)
//! ```

use std::rc::Rc;

use super::super::World;
use super::super::steps::{Items, Setup};
use super::Drive;
use super::thread_per_task::start_and_join_threads;
use crate::cpython::{InterpreterContext, ThreadState, WorkerContext};
use crate::model::draws;
use crate::scenario::InterpreterPerTask;
use crate::units::Nanos;

impl Drive for InterpreterPerTask {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        start_and_join_threads(world, me, alone).await;
    }
}

/// What the thread of an item does.
async fn alone(world: Rc<World>, me: ThreadState, item: u32) {
    let context = InterpreterContext {
        initializer: Setup(world.clone()),
        imports: world.configuration.program.imports.clone(),
        modules: world.own_modules(),
        key: draws::program(world.key),
    };
    let call = Items {
        world: world.clone(),
        items: item..item + 1,
        overhead: Nanos::ZERO,
    };
    call_once(&context, &me, item, &call).await;
}

/// A call in an interpreter that is created for it and closed after it.
async fn call_once<C: WorkerContext<Items>>(context: &C, me: &ThreadState, number: u32, call: &Items) {
    let interpreter = context.initialize(me, number as usize).await;
    context.run(me, &interpreter, call).await;
    context.finalize(me, interpreter).await;
}
