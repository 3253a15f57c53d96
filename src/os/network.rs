//! Answers that other machines send after a while.
//!
//! A thread that waits for one device at a time does not need this: see [`Os::wait_for_device`]. For a thread that
//! waits for many answers at once, on an [`Epoll`](super::Epoll), a thread outside the machine waits for the time of
//! each.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Activity, Descriptor, ObjectId, Os, ThreadId, ThreadSpec};
use crate::units::Nanos;

/// The other machines.
pub struct Network {
    object: ObjectId,
    thread: Cell<Option<ThreadId>>,
    /// Answers by the time of arrival, then in the order of the requests.
    due: RefCell<BTreeMap<(Nanos, u64), Rc<Descriptor>>>,
    asked: Cell<u64>,
}

impl Network {
    /// A network without answers on their way.
    pub fn start(os: &Rc<Os>) -> Rc<Self> {
        let network = Rc::new(Self {
            object: os.add_object("a request over the network").0,
            thread: Cell::new(None),
            due: RefCell::default(),
            asked: Cell::new(0),
        });
        let spec = ThreadSpec {
            name: "the network".into(),
            process: None,
            foreground: false,
            activity: Activity::Idle,
        };
        let (inner, delivering) = (os.clone(), network.clone());
        let thread = os.spawn_external(
            spec,
            move |id| async move { delivering.deliver(&inner, id).await },
        );
        network.thread.set(Some(thread));
        network
    }

    /// `descriptor` becomes readable `time` from now.
    pub fn answer(&self, os: &Os, time: Nanos, descriptor: &Rc<Descriptor>) {
        let number = self.asked.replace(self.asked.get() + 1);
        let at = os.now().saturating_add(time);
        let mut due = self.due.borrow_mut();
        let is_first = due.first_key_value().is_none_or(|((first, _), _)| at < *first);
        due.insert((at, number), descriptor.clone());
        drop(due);
        if let Some(thread) = self.thread.get().filter(|_| is_first) {
            os.wake(thread);
        }
    }

    /// Whether an answer is on its way.
    pub(crate) fn owes_an_answer(&self) -> bool {
        !self.due.borrow().is_empty()
    }

    async fn deliver(&self, os: &Os, me: ThreadId) {
        loop {
            let first = self.due.borrow().first_key_value().map(|(&key, _)| key);
            match first {
                None => {
                    os.block(me, self.object).await;
                }
                Some((at, _)) if at > os.now() => {
                    os.wait_for_device(me, at - os.now()).await;
                }
                Some(key) => {
                    let descriptor = self.due.borrow_mut().remove(&key);
                    if let Some(descriptor) = descriptor {
                        descriptor.arrive(os, me).await;
                    }
                }
            }
        }
    }
}
