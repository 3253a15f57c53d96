//! The results of a `Pool`: `_PoolCache`, `ApplyResult`, `MapResult`, `IMapIterator` and `IMapUnorderedIterator` in
//! `Lib/multiprocessing/pool.py`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::multiprocessing::queues::SharedSimpleQueue;
use crate::cpython::queue::SimpleQueue;
use crate::cpython::threading::{Condition, Event};
use crate::os::{Activity, Os};

/// `_PoolCache`: the unfinished jobs, by number.
pub(crate) struct PoolCache {
    jobs: RefCell<BTreeMap<u64, Job>>,
    /// `notifier`: tells the worker handler that the cache has become empty or that the pool is being closed.
    pub(crate) notifier: SharedSimpleQueue<()>,
}

/// An unfinished job.
#[derive(Clone)]
enum Job {
    Apply(Rc<ApplyResult>),
    Map(Rc<MapResult>),
    IMap(Rc<IMapIterator>),
}

impl PoolCache {
    /// No jobs.
    pub(crate) fn new(os: &Os) -> Self {
        Self {
            jobs: RefCell::default(),
            notifier: SharedSimpleQueue::new(os, "the change notifier"),
        }
    }

    /// Whether all jobs are finished.
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.borrow().is_empty()
    }

    /// `__delitem__`: job `job` is finished.
    async fn remove(&self, me: &ThreadState, job: u64) {
        self.jobs.borrow_mut().remove(&job);
        if self.is_empty() {
            self.notifier.put(me, (), Vec::new()).await;
        }
    }

    /// `cache[job]._set(index, ...)`: result `index` of job `job` has arrived.
    pub(crate) async fn set(&self, me: &ThreadState, job: u64, index: u64) {
        me.bytecode(me.costs().pool.set).await;
        let found = self.jobs.borrow().get(&job).cloned();
        match found {
            Some(Job::Apply(result)) => result.set(me, self).await,
            Some(Job::Map(result)) => result.set(me, self).await,
            Some(Job::IMap(iterator)) => iterator.set(me, self, index).await,
            None => {}
        }
    }
}

/// `apply_async(..., callback=queue.put)`: a queue, and the number that is put into it.
pub(crate) type Callback = (Rc<SimpleQueue<usize>>, usize);

/// `ApplyResult`: the result of one call.
pub(crate) struct ApplyResult {
    job: u64,
    event: Event,
    callback: Option<Callback>,
}

impl ApplyResult {
    /// The result of a new job.
    pub(crate) fn new(me: &ThreadState, cache: &PoolCache, job: u64, callback: Option<Callback>) -> Rc<Self> {
        let result = Rc::new(Self {
            job,
            event: Event::new(me, "a call's result"),
            callback,
        });
        cache.jobs.borrow_mut().insert(job, Job::Apply(result.clone()));
        result
    }

    /// `get()`
    pub(crate) async fn get(&self, me: &ThreadState) {
        get(me, &self.event).await;
    }

    /// `_set`: the callback runs here, in the result handler.
    async fn set(&self, me: &ThreadState, cache: &PoolCache) {
        if let Some((queue, number)) = &self.callback {
            queue.put(me, *number).await;
        }
        self.event.set(me).await;
        cache.remove(me, self.job).await;
    }
}

/// `MapResult`: the results of all chunks of a `map`.
pub(crate) struct MapResult {
    job: u64,
    event: Event,
    number_left: Cell<u64>,
}

impl MapResult {
    /// The result of a new job of `chunks` chunks.
    pub(crate) fn new(me: &ThreadState, cache: &PoolCache, job: u64, chunks: u64) -> Rc<Self> {
        let result = Rc::new(Self {
            job,
            event: Event::new(me, "the results of a map"),
            number_left: Cell::new(chunks),
        });
        cache.jobs.borrow_mut().insert(job, Job::Map(result.clone()));
        result
    }

    /// `get()`: waits for all chunks.
    pub(crate) async fn get(&self, me: &ThreadState) {
        get(me, &self.event).await;
    }

    /// `_set`
    async fn set(&self, me: &ThreadState, cache: &PoolCache) {
        self.number_left.set(self.number_left.get() - 1);
        if self.number_left.get() == 0 {
            cache.remove(me, self.job).await;
            self.event.set(me).await;
        }
    }
}

/// `ApplyResult.get`
async fn get(me: &ThreadState, event: &Event) {
    event.wait(me).await;
    me.busy_with(Activity::Ipc, me.bytecode(me.costs().pool.get))
        .await;
}

/// `IMapIterator` and `IMapUnorderedIterator`: give the results one by one.
pub(crate) struct IMapIterator {
    job: u64,
    cond: Condition,
    /// `_items`: the indices of results that can be handed out.
    items: RefCell<VecDeque<u64>>,
    /// `_index`: the number of results handed out so far.
    index: Cell<u64>,
    /// `_length`: the number of all results, once the task handler knows it.
    length: Cell<Option<u64>>,
    /// `_unsorted`: the indices of results that came too early. Always empty if the order does not matter.
    unsorted: RefCell<BTreeSet<u64>>,
    ordered: bool,
}

impl IMapIterator {
    /// The results of a new job, in the order of the items or in the order of their arrival.
    pub(crate) fn new(me: &ThreadState, cache: &PoolCache, job: u64, ordered: bool) -> Rc<Self> {
        let iterator = Rc::new(Self {
            job,
            cond: Condition::new(me, "the next result"),
            items: RefCell::default(),
            index: Cell::new(0),
            length: Cell::new(None),
            unsorted: RefCell::default(),
            ordered,
        });
        cache.jobs.borrow_mut().insert(job, Job::IMap(iterator.clone()));
        iterator
    }

    /// `next()`: the index of the next result, or `None` after the last.
    pub(crate) async fn next(&self, me: &ThreadState) -> Option<u64> {
        me.bytecode(me.costs().pool.get).await;
        self.cond.acquire(me).await;
        let mut item = self.pop();
        if item.is_none() && !self.is_over() {
            self.cond.wait(me).await;
            item = self.pop();
        }
        self.cond.release(me).await;
        item
    }

    /// `_set`
    async fn set(&self, me: &ThreadState, cache: &PoolCache, index: u64) {
        self.cond.acquire(me).await;
        if !self.ordered {
            self.hand_out(index);
            self.cond.notify(me).await;
        } else if self.index.get() == index {
            self.hand_out(index);
            while self.unsorted.borrow_mut().remove(&self.index.get()) {
                self.hand_out(self.index.get());
            }
            self.cond.notify(me).await;
        } else {
            self.unsorted.borrow_mut().insert(index);
        }
        if self.is_over() {
            cache.remove(me, self.job).await;
        }
        self.cond.release(me).await;
    }

    /// `_set_length`: the task handler has sent the last task.
    pub(crate) async fn set_length(&self, me: &ThreadState, cache: &PoolCache, length: u64) {
        self.cond.acquire(me).await;
        self.length.set(Some(length));
        if self.is_over() {
            self.cond.notify(me).await;
            cache.remove(me, self.job).await;
        }
        self.cond.release(me).await;
    }

    /// `self._items.append(...)`
    fn hand_out(&self, index: u64) {
        self.items.borrow_mut().push_back(index);
        self.index.set(self.index.get() + 1);
    }

    fn pop(&self) -> Option<u64> {
        self.items.borrow_mut().pop_front()
    }

    fn is_over(&self) -> bool {
        self.length.get() == Some(self.index.get())
    }
}
