//! Items through an `InterpreterPoolExecutor`: a pool of threads, each with an interpreter of its own.

use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use super::threads::through_threads;
use crate::cpython::{InterpreterContext, ThreadState};
use crate::model::draws;
use crate::scenario::Interpreters;

impl Drive for Interpreters {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let context = InterpreterContext {
            initializer: Setup(world.clone()),
            imports: world.configuration.program.imports.clone(),
            modules: world.own_modules(),
            key: draws::program(world.key),
        };
        through_threads(world, me, self.workers, context).await;
    }
}
