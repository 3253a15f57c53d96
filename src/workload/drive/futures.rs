//! Items through an executor of `concurrent.futures`, as a person would write it.
//!
//! Without dependencies it is `executor.map(function, items, chunksize=...)`, one call for each group. With
//! dependencies every item (or chunk) is submitted as soon as it may start, and its future puts it into a queue that
//! the caller reads.

use std::ops::Range;
use std::rc::Rc;

use super::super::World;
use super::super::steps::Items;
use crate::cpython::{BrokenProcessPool, Future, FuturesExecutor, SimpleQueue, ThreadState};
use crate::os::Activity;
use crate::units::Nanos;

impl World {
    /// Until the last result is in the caller's hands. Taking one result costs `result`.
    ///
    /// # Errors
    /// Where a worker process has died.
    pub async fn run_futures(
        self: &Rc<Self>,
        me: &ThreadState,
        executor: &impl FuturesExecutor<Items>,
        chunksize: u64,
        result: Nanos,
    ) -> Result<(), BrokenProcessPool> {
        me.enter(Activity::Ipc);
        if self.plan.has_dependencies() {
            self.submit_as_released(me, executor, chunksize, result).await
        } else {
            self.map(me, executor, chunksize, result).await
        }
    }

    /// `executor.map`: submits all, then takes the results in order.
    async fn map(
        self: &Rc<Self>,
        me: &ThreadState,
        executor: &impl FuturesExecutor<Items>,
        chunksize: u64,
        result: Nanos,
    ) -> Result<(), BrokenProcessPool> {
        let mut futures = Vec::new();
        for group in 0..self.configuration.tasks.len() {
            for chunk in chunks(self.plan.items(group).collect(), chunksize) {
                let future = Future::new();
                self.submit(me, executor, chunk.clone(), future.clone(), chunksize)
                    .await?;
                futures.push((future, chunk));
            }
        }
        for (future, chunk) in futures {
            future.result(me, result).await?;
            self.take_results(me, chunk).await;
        }
        Ok(())
    }

    async fn submit_as_released(
        self: &Rc<Self>,
        me: &ThreadState,
        executor: &impl FuturesExecutor<Items>,
        chunksize: u64,
        result: Nanos,
    ) -> Result<(), BrokenProcessPool> {
        let progress = self.plan.progress();
        let done = Rc::new(SimpleQueue::new(me, "an item to be done"));
        let mut submitted: Vec<(Rc<Future>, Range<u32>)> = Vec::new();
        let mut ready = self.plan.ready_from_the_start();
        let mut left = self.plan.len();
        loop {
            for chunk in chunks(std::mem::take(&mut ready), chunksize) {
                // A chunk stays within its group.
                for chunk in self.plan.split_by_group(chunk) {
                    let future = Future::announced_in(&done, submitted.len());
                    submitted.push((future.clone(), chunk.clone()));
                    self.submit(me, executor, chunk, future, chunksize).await?;
                }
            }
            if left == 0 {
                break;
            }
            let (future, chunk) = submitted[done.get(me).await].clone();
            future.result(me, result).await?;
            left -= chunk.len() as u32;
            self.take_results(me, chunk.clone()).await;
            ready = self.plan.released_by(&progress, chunk);
        }
        Ok(())
    }

    async fn submit(
        self: &Rc<Self>,
        me: &ThreadState,
        executor: &impl FuturesExecutor<Items>,
        items: Range<u32>,
        future: Rc<Future>,
        chunksize: u64,
    ) -> Result<(), BrokenProcessPool> {
        items.clone().for_each(|item| self.record.submitted(me, item));
        self.send_arguments(me, items.clone()).await;
        let overhead = if chunksize > 1 {
            me.costs().process_pool.item
        } else {
            Nanos::ZERO
        };
        executor
            .submit(
                me,
                Items {
                    world: self.clone(),
                    items,
                    overhead,
                },
                future,
            )
            .await
    }
}

/// Consecutive items in ranges of at most `chunksize`.
pub(super) fn chunks(items: Vec<u32>, chunksize: u64) -> Vec<Range<u32>> {
    let mut chunks: Vec<Range<u32>> = Vec::new();
    for item in items {
        match chunks.last_mut() {
            Some(last) if last.end == item && (last.len() as u64) < chunksize => last.end += 1,
            _ => chunks.push(item..item + 1),
        }
    }
    chunks
}
