//! Calls in other threads and processes: `loop.run_in_executor` (`Lib/asyncio/base_events.py`), `asyncio.to_thread`
//! (`threads.py`), `wrap_future` and `_chain_future` (`futures.py`).
//!
//! ```text
//!  loop     submit |select ... sleeps ...                          |select|recv, recv|select|set_result|step of the task
//!  worker          | takes | the call | set_result | wakes the loop|
//! ```

use std::rc::Rc;

use super::base_events::{EventLoop, Handle};
use super::futures::Future;
use crate::cpython::concurrent_futures::base::Future as ConcurrentFuture;
use crate::cpython::{BrokenProcessPool, Call, FuturesExecutor};

impl EventLoop {
    /// `await loop.run_in_executor(executor, call)`
    ///
    /// # Errors
    /// If a worker process has died.
    pub(crate) async fn run_in_executor<C: Call>(
        self: &Rc<Self>,
        executor: &impl FuturesExecutor<C>,
        call: C,
    ) -> Result<(), BrokenProcessPool> {
        let me = &self.thread;
        me.bytecode(self.costs().run_in_executor).await;
        let source = ConcurrentFuture::new();
        executor.submit(me, call, source.clone()).await?;
        // wrap_future
        let destination = Future::new();
        let (event_loop, following) = (self.clone(), destination.clone());
        source
            .add_done_callback(
                me,
                // _call_set_state, in the thread that sets the result.
                Box::new(move |me| {
                    Box::pin(async move {
                        event_loop
                            .call_soon_threadsafe(&me, Handle::SetResult(following))
                            .await;
                    })
                }),
            )
            .await;
        self.wait(&destination).await;
        source.exception().map_or(Ok(()), Err)
    }
}
