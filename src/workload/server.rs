//! Closed-loop clients on a network, and a process whose threads serve their requests from one queue.
//!
//! ```text
//!  client:  think -> request -> (waits) -> reply -> think ...
//!  server thread:  recv() without the lock -> the task's steps -> reply
//! ```

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::World;
use crate::cpython::{Thread, ThreadState};
use crate::os::{Activity, Semaphore, ThreadId, ThreadSpec};
use crate::scenario::{Demand, draws};
use crate::units::Nanos;

/// What the network holds between clients and server.
struct Network {
    requests: RefCell<VecDeque<Request>>,
    arrived: Semaphore,
}

struct Request {
    /// Index of the task group.
    group: usize,
    /// Names its random draws.
    number: u64,
    reply: Rc<Semaphore>,
}

impl World {
    /// Serves all clients until their time is up.
    pub async fn serve(self: &Rc<Self>, me: &ThreadState, threads: u32) {
        let arrived = Semaphore::new(me.os(), "a request", 0);
        let network = Rc::new(Network {
            requests: RefCell::default(),
            arrived,
        });
        let mut workers: Vec<ThreadId> = Vec::new();
        for number in 0..threads {
            let (world, network) = (self.clone(), network.clone());
            let serve = move |me: ThreadState| async move { world.serve_requests(&me, &network).await };
            workers.push(
                Thread::start(me, &format!("server thread {number}"), true, serve)
                    .await
                    .id,
            );
        }
        let end = self.start_clients(me, &network);
        let time_is_up = me.os().wait_for_device(me.id, end.saturating_sub(me.os().now()));
        me.busy_with(Activity::Idle, async {
            me.detach().await;
            time_is_up.await;
        })
        .await;
        self.record.finish(me, &workers, &[]);
    }

    async fn serve_requests(&self, me: &ThreadState, network: &Network) {
        loop {
            let receive = me.allow_threads(network.arrived.wait(me.os(), me.id));
            me.busy_with(Activity::Idle, receive).await;
            let request = network
                .requests
                .borrow_mut()
                .pop_front()
                .expect("each arrival is a request");
            let task = &self.configuration.tasks[request.group];
            self.play_steps(me, &task.steps, draws::item(self.key, &task.name, request.number))
                .await;
            request.reply.post(me.os(), me.id).await;
        }
    }

    /// Starts the clients; says when the last of them stops counting.
    fn start_clients(self: &Rc<Self>, me: &ThreadState, network: &Rc<Network>) -> Nanos {
        let mut end = Nanos::ZERO;
        for (group, task) in self.configuration.tasks.iter().enumerate() {
            let Demand::Clients {
                clients,
                duration,
                warmup,
                ..
            } = &task.demand
            else {
                continue;
            };
            let from = me.os().now().saturating_add(*warmup);
            let to = from.saturating_add(*duration);
            end = end.max(to);
            self.record.count_between(from, to);
            for client in 0..*clients {
                let spec = ThreadSpec {
                    name: format!("client {client} of {}", task.name).into(),
                    foreground: true,
                    activity: Activity::Idle,
                };
                let (world, network, os) = (self.clone(), network.clone(), me.os().clone());
                me.os().spawn_external(spec, move |id| async move {
                    let Demand::Clients { think, .. } = &world.configuration.tasks[group].demand else {
                        return;
                    };
                    let reply = Rc::new(Semaphore::new(&os, "a reply", 0));
                    let key = draws::think(world.key, group as u64, client);
                    for number in 0..u64::from(u32::MAX) {
                        os.wait_for_device(id, think.sample_keyed(key.number(number)))
                            .await;
                        let sent = os.now();
                        // Requests are numbered apart for each client.
                        let number = draws::request(client, number);
                        network.requests.borrow_mut().push_back(Request {
                            group,
                            number,
                            reply: reply.clone(),
                        });
                        network.arrived.post(&os, id).await;
                        reply.wait(&os, id).await;
                        if (from..to).contains(&os.now()) {
                            world.record.answered(os.now() - sent);
                        }
                    }
                });
            }
        }
        end
    }
}
