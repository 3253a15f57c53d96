//! Event loops in several threads, as a person writes it with `threading` and `asyncio`:
//!
//! ```text
//!  async def work(own):                                threads = [Thread(target=asyncio.run, args=(work(items[i::n]),))
//!      await asyncio.gather(*(item(i) for i in own))              for i in range(n)]
//!                                                      start the threads, then join them
//! ```

use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use super::asyncio::Program;
use crate::cpython::asyncio::EventLoop;
use crate::cpython::{Call, Thread, ThreadState};
use crate::os::{Activity, ThreadId};
use crate::scenario::LoopPerThread;

impl Drive for LoopPerThread {
    /// The initializer runs once, in the main thread; the makespan ends when the last thread is joined.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        me.busy_with(Activity::Starting, Setup(world.clone()).run(me))
            .await;
        me.enter(Activity::Ipc);
        let mut threads: Vec<Thread> = Vec::new();
        for number in 0..self.threads {
            let own: Vec<u32> = (number..world.plan.len())
                .step_by(self.threads as usize)
                .collect();
            own.iter().for_each(|&item| world.record.submitted(me, item));
            let program = Rc::new(Program::on_the_loop(world));
            let run = move |me: ThreadState| async move {
                EventLoop::run(
                    &me,
                    |event_loop| async move { program.gather(&event_loop, own).await },
                )
                .await;
            };
            threads.push(Thread::start(me, &format!("event loop {number}"), true, run).await);
        }
        let workers: Vec<ThreadId> = threads.iter().map(|thread| thread.id).collect();
        for thread in threads {
            thread.join(me).await;
        }
        world.record.finish(me, &workers, &[]);
    }
}
