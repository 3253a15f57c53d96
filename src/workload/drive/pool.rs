//! Items through a `multiprocessing.Pool`, as a person would write it.
//!
//! `map` and its like take one group after the other, in an order that their dependencies allow, and begin the next
//! when they have all results of the previous one: `thumbnails = pool.map(thumbnail, photos)`, then
//! `pool.map(upload, thumbnails)`. Under `apply_async` every item is a call of its own, made as soon as the item may
//! start; where items wait for others, each call has a callback that tells the caller.

use std::ops::Range;
use std::rc::Rc;

use super::super::World;
use super::super::steps::{Items, Setup};
use super::Drive;
use super::futures::chunks;
use crate::cpython::{ApplyResult, Callback, Pool, SimpleQueue, ThreadState, default_chunksize};
use crate::os::Activity;
use crate::scenario::{self, PoolMethod};
use crate::units::Nanos;

impl Drive for scenario::Pool {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let (launcher, setup) = (world.launcher(me, self.start).await, Setup(world.clone()));
        let pool = Pool::new(me, self.workers, launcher, setup, self.max_tasks_per_child).await;
        world.run_pool(me, &pool, self).await;
        world.record.finish(me, &pool.workers(), &pool.helpers());
        me.enter(Activity::Idle);
        pool.close(me).await;
        pool.join(me).await;
    }
}

impl World {
    /// Until the last result is in the parent's hands.
    async fn run_pool(
        self: &Rc<Self>,
        me: &ThreadState,
        pool: &Pool<Items, Setup>,
        options: &scenario::Pool,
    ) {
        me.enter(Activity::Ipc);
        let chunks_of = |group: usize| {
            let items = self.plan.items(group);
            let chunksize = options
                .chunksize
                .unwrap_or_else(|| default_chunksize(items.len() as u64, options.workers));
            (chunks(items.collect(), chunksize), chunksize)
        };
        match options.method {
            PoolMethod::Map | PoolMethod::Starmap => {
                for &group in self.plan.order() {
                    self.pool_map(me, pool, chunks_of(group).0).await;
                }
            }
            PoolMethod::Imap | PoolMethod::ImapUnordered => {
                for &group in self.plan.order() {
                    let (chunks, chunksize) = chunks_of(group);
                    let ordered = options.method == PoolMethod::Imap;
                    self.pool_imap(me, pool, chunks, chunksize > 1, ordered).await;
                }
            }
            PoolMethod::ApplyAsync if self.plan.has_dependencies() => self.apply_as_released(me, pool).await,
            PoolMethod::ApplyAsync => self.apply_all(me, pool).await,
        }
    }

    /// `pool.map(function, items, chunksize)`: all results together.
    async fn pool_map(self: &Rc<Self>, me: &ThreadState, pool: &Pool<Items, Setup>, chunks: Vec<Range<u32>>) {
        let calls = self.calls(me, &chunks, true).await;
        let result = pool.map_async(me, calls).await;
        result.get(me).await;
        for chunk in chunks {
            self.take_results(me, chunk).await;
        }
    }

    /// `for result in pool.imap(function, items, chunksize)`. `in_chunks`: where an item travels alone it is called
    /// without `mapstar`.
    async fn pool_imap(
        self: &Rc<Self>,
        me: &ThreadState,
        pool: &Pool<Items, Setup>,
        chunks: Vec<Range<u32>>,
        in_chunks: bool,
        ordered: bool,
    ) {
        let calls = self.calls(me, &chunks, in_chunks).await;
        let results = pool.imap(me, calls, ordered).await;
        while let Some(number) = results.next(me).await {
            self.take_results(me, chunks[number as usize].clone()).await;
        }
    }

    /// `results = [pool.apply_async(function, (item,)) for item in items]`, then `[r.get() for r in results]`.
    async fn apply_all(self: &Rc<Self>, me: &ThreadState, pool: &Pool<Items, Setup>) {
        let mut results = Vec::new();
        for item in 0..self.plan.len() {
            results.push(self.apply(me, pool, item, None).await);
        }
        for (item, result) in (0..).zip(results) {
            result.get(me).await;
            self.take_results(me, item..item + 1).await;
        }
    }

    /// The same where items wait for others: a callback puts each item that is done into a queue.
    async fn apply_as_released(self: &Rc<Self>, me: &ThreadState, pool: &Pool<Items, Setup>) {
        let progress = self.plan.progress();
        let done = Rc::new(SimpleQueue::new(me, "an item to be done"));
        let mut ready = self.plan.ready_from_the_start();
        for _ in 0..self.plan.len() {
            for item in std::mem::take(&mut ready) {
                self.apply(me, pool, item, Some((done.clone(), item as usize)))
                    .await;
            }
            let item = done.get(me).await as u32;
            self.take_results(me, item..item + 1).await;
            ready = self.plan.released_by(&progress, item..item + 1);
        }
    }

    async fn apply(
        self: &Rc<Self>,
        me: &ThreadState,
        pool: &Pool<Items, Setup>,
        item: u32,
        callback: Option<Callback>,
    ) -> Rc<ApplyResult> {
        let call = self.call(me, item..item + 1, false).await;
        pool.apply_async(me, call, callback).await
    }

    async fn calls(self: &Rc<Self>, me: &ThreadState, chunks: &[Range<u32>], in_chunks: bool) -> Vec<Items> {
        let mut calls = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            calls.push(self.call(me, chunk.clone(), in_chunks).await);
        }
        calls
    }

    async fn call(self: &Rc<Self>, me: &ThreadState, items: Range<u32>, in_chunks: bool) -> Items {
        items.clone().for_each(|item| self.record.submitted(me, item));
        self.send_arguments(me, items.clone()).await;
        let overhead = if in_chunks {
            me.costs().pool.item
        } else {
            Nanos::ZERO
        };
        Items {
            world: self.clone(),
            items,
            overhead,
        }
    }
}
