//! Tasks: `Lib/asyncio/tasks.py`, `Modules/_asynciomodule.c` (`task_step_impl`).

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::base_events::{EventLoop, Handle};
use super::futures::Future;
use crate::units::Nanos;

/// The coroutine of a task.
pub type Coroutine = Pin<Box<dyn std::future::Future<Output = ()>>>;

/// `Task`: a coroutine that the loop runs step by step.
pub struct Task {
    number: u64,
    /// Absent during a step and after the end.
    coroutine: RefCell<Option<Coroutine>>,
    /// The future that the task is: it is done when the coroutine has returned.
    done: Rc<Future>,
}

/// The state of `asyncio.gather` that its children share.
pub(crate) struct Gathering {
    left: Cell<usize>,
    outer: Rc<Future>,
}

impl Task {
    /// The future that the task is.
    pub const fn done(&self) -> &Rc<Future> {
        &self.done
    }

    /// Drops the coroutine, which may own the loop that owns the task.
    pub(crate) fn forget(&self) {
        let coroutine = self.coroutine.take();
        drop(coroutine);
    }
}

impl Gathering {
    /// `_done_callback`
    pub fn one_is_done(&self, event_loop: &EventLoop) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            self.outer.set_result(event_loop);
        }
    }
}

impl EventLoop {
    /// `create_task`: the first step runs in the next iteration of the loop.
    pub async fn create_task(&self, coroutine: impl std::future::Future<Output = ()> + 'static) -> Rc<Task> {
        self.thread.bytecode(self.costs().task).await;
        let number = self.tasks_made.replace(self.tasks_made.get() + 1);
        let task = Rc::new(Task {
            number,
            coroutine: RefCell::new(Some(Box::pin(coroutine))),
            done: Future::new(),
        });
        self.all_tasks.borrow_mut().insert(number, task.clone());
        self.call_soon(Handle::Step(task.clone()));
        task
    }

    /// `Task.__step`, and `Task.__wakeup` before it: runs the coroutine until it waits for a future.
    pub(crate) async fn step(&self, task: &Rc<Task>) {
        self.thread.bytecode(self.costs().step).await;
        let coroutine = task.coroutine.take();
        let Some(mut coroutine) = coroutine else { return };
        let sent = Send {
            event_loop: self,
            coroutine: &mut coroutine,
        };
        match sent.await {
            Sent::Yielded(future) => {
                *task.coroutine.borrow_mut() = Some(coroutine);
                future.add_done_callback(self, Handle::Step(task.clone()));
            }
            Sent::Returned => {
                self.all_tasks.borrow_mut().remove(&task.number);
                task.done.set_result(self);
            }
        }
    }

    /// `Future.__await__`: `await future` in a coroutine of this loop.
    pub async fn wait(&self, future: &Rc<Future>) {
        if !future.is_done() {
            let waiting = Yield {
                event_loop: self,
                future: Some(future.clone()),
            };
            waiting.await;
        }
    }

    /// `asyncio.sleep`
    pub async fn sleep(&self, time: Nanos) {
        let future = Future::new();
        self.call_later(time, Handle::SetResult(future.clone())).await;
        self.wait(&future).await;
    }

    /// `asyncio.gather(*tasks)`: a future that is done when all tasks are.
    pub async fn gather(&self, tasks: &[Rc<Task>]) -> Rc<Future> {
        self.thread
            .bytecode(self.costs().gather * tasks.len() as u64)
            .await;
        let outer = Future::new();
        if tasks.is_empty() {
            outer.set_result(self);
        }
        let gathering = Rc::new(Gathering {
            left: Cell::new(tasks.len()),
            outer: outer.clone(),
        });
        for task in tasks {
            task.done
                .add_done_callback(self, Handle::Gathered(gathering.clone()));
        }
        outer
    }
}

/// `coro.send(None)`: ends when the coroutine yields a future to its task, or returns. If the coroutine is pending for
/// another reason, then so is its thread, which computes or is in a system call.
struct Send<'a> {
    event_loop: &'a EventLoop,
    coroutine: &'a mut Coroutine,
}

enum Sent {
    Yielded(Rc<Future>),
    Returned,
}

impl std::future::Future for Send<'_> {
    type Output = Sent;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Sent> {
        if self.coroutine.as_mut().poll(context).is_ready() {
            return Poll::Ready(Sent::Returned);
        }
        match self.event_loop.yielded.take() {
            Some(future) => Poll::Ready(Sent::Yielded(future)),
            None => Poll::Pending,
        }
    }
}

/// `yield self`: hands a future to the task, which calls `send` again once the future is done.
struct Yield<'a> {
    event_loop: &'a EventLoop,
    future: Option<Rc<Future>>,
}

impl std::future::Future for Yield<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.future.take() {
            Some(future) => {
                self.event_loop.yielded.set(Some(future));
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}
