//! Who asks a server: clients in a closed loop, and requests that come by themselves.
//!
//! ```text
//!  closed loop     think -> request -> (waits) -> reply -> think ...
//!  open arrivals   request -> request -> request ...      whether those before are answered or not
//! ```

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use super::World;
use crate::cpython::ThreadState;
use crate::model::draws;
use crate::os::{Activity, Os, Semaphore, ThreadId, ThreadSpec};
use crate::scenario::Demand;
use crate::units::Nanos;

/// What comes over the network.
pub(super) struct Request {
    /// Index of the task group.
    pub group: usize,
    /// Names its random draws.
    pub number: u64,
    answer: Answer,
}

/// What becomes of the reply.
enum Answer {
    /// A client waits for it.
    Awaited(Rc<Semaphore>),
    /// Nobody does: it is written down, if it comes within the counted time.
    Noted { sent: Nanos, counted: Range<Nanos> },
}

/// Where requests go.
pub(super) trait Service: 'static {
    /// A request arrives, sent by a thread outside the machine.
    fn arrive(&self, os: &Os, client: ThreadId, request: Request) -> impl Future<Output = ()>;
}

/// Requests that came by themselves.
#[derive(Default)]
pub(super) struct Arrived {
    requests: Cell<u64>,
    answered: Cell<u64>,
}

impl Arrived {
    /// Says how many have no reply, if that is any.
    pub fn unanswered(&self) -> Option<String> {
        let (all, answered) = (self.requests.get(), self.answered.get());
        (answered < all).then(|| {
            format!(
                "{} of {all} requests were not answered at the end",
                all - answered
            )
        })
    }
}

impl World {
    /// Starts all who ask; says when the last of them stops counting.
    pub(super) fn start_clients<S: Service>(self: &Rc<Self>, me: &ThreadState, service: &Rc<S>) -> Nanos {
        let mut end = Nanos::ZERO;
        for (group, task) in self.configuration.tasks.iter().enumerate() {
            let (Demand::Clients { duration, warmup, .. } | Demand::Arrivals { duration, warmup, .. }) =
                task.demand
            else {
                continue;
            };
            let from = me.os().now().saturating_add(warmup);
            let to = from.saturating_add(duration);
            end = end.max(to);
            self.record.count_between(from, to);
            let spec = |name: String| ThreadSpec {
                name: name.into(),
                process: None,
                foreground: true,
                activity: Activity::Idle,
            };
            match task.demand {
                Demand::Clients { clients, .. } => {
                    for client in 0..clients {
                        let (world, service, os) = (self.clone(), service.clone(), me.os().clone());
                        let spec = spec(format!("client {client} of {}", task.name));
                        me.os().spawn_external(spec, move |id| async move {
                            let asking =
                                world.ask_again_and_again(&os, id, &*service, (group, client), from..to);
                            asking.await;
                        });
                    }
                }
                Demand::Arrivals { .. } => {
                    let (world, service, os) = (self.clone(), service.clone(), me.os().clone());
                    let spec = spec(format!("arrivals of {}", task.name));
                    me.os().spawn_external(spec, move |id| async move {
                        world
                            .come_by_themselves(&os, id, &*service, group, from..to)
                            .await;
                    });
                }
                Demand::Count(_) => {}
            }
        }
        end
    }

    /// A client, until the end of the run.
    async fn ask_again_and_again(
        &self,
        os: &Os,
        id: ThreadId,
        service: &impl Service,
        (group, client): (usize, u32),
        counted: Range<Nanos>,
    ) {
        let Demand::Clients { think, .. } = &self.configuration.tasks[group].demand else {
            return;
        };
        let reply = Rc::new(Semaphore::new(os, "a reply", 0));
        let key = draws::think(self.key, group as u64, client);
        for number in 0..u64::from(u32::MAX) {
            os.wait_for_device(id, think.sample_keyed(key.number(number)))
                .await;
            let sent = os.now();
            let request = Request {
                group,
                // Requests are numbered apart for each client.
                number: draws::request(client, number),
                answer: Answer::Awaited(reply.clone()),
            };
            service.arrive(os, id, request).await;
            reply.wait(os, id).await;
            if counted.contains(&os.now()) {
                self.record.answered(os.now() - sent);
            }
        }
    }

    /// Requests of an open system, until the end of the run.
    async fn come_by_themselves(
        &self,
        os: &Os,
        id: ThreadId,
        service: &impl Service,
        group: usize,
        counted: Range<Nanos>,
    ) {
        let Demand::Arrivals { between, .. } = &self.configuration.tasks[group].demand else {
            return;
        };
        let key = draws::arrivals(self.key, group as u64);
        for number in 0.. {
            os.wait_for_device(id, between.sample_keyed(key.number(number)))
                .await;
            self.arrived.requests.set(self.arrived.requests.get() + 1);
            let request = Request {
                group,
                number,
                answer: Answer::Noted {
                    sent: os.now(),
                    counted: counted.clone(),
                },
            };
            service.arrive(os, id, request).await;
        }
    }

    /// The reply is on its way, and there at once.
    pub(super) async fn reply(&self, me: &ThreadState, request: &Request) {
        let os = me.os();
        match &request.answer {
            Answer::Awaited(reply) => reply.post(os, me.id).await,
            Answer::Noted { sent, counted } => {
                self.arrived.answered.set(self.arrived.answered.get() + 1);
                if counted.contains(&os.now()) {
                    self.record.answered(os.now() - *sent);
                }
            }
        }
    }
}
