//! A process whose threads serve requests from one queue.
//!
//! ```text
//!  server thread:  recv() without the lock -> the task's steps -> reply
//! ```

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::super::World;
use super::super::clients::{Request, Service};
use super::Drive;
use crate::cpython::{Thread, ThreadState};
use crate::model::draws;
use crate::os::{Activity, Os, Semaphore, ThreadId};
use crate::scenario::Server;

/// What the network holds between clients and server.
struct Network {
    requests: RefCell<VecDeque<Request>>,
    arrived: Semaphore,
}

impl Service for Network {
    async fn arrive(&self, os: &Os, client: ThreadId, request: Request) {
        self.requests.borrow_mut().push_back(request);
        self.arrived.post(os, client).await;
    }
}

impl Drive for Server {
    /// Serves all clients until their time is up.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let arrived = Semaphore::new(me.os(), "a request", 0);
        let network = Rc::new(Network {
            requests: RefCell::default(),
            arrived,
        });
        let mut workers: Vec<ThreadId> = Vec::new();
        for number in 0..self.threads {
            let (world, network) = (world.clone(), network.clone());
            let serve = move |me: ThreadState| async move { world.serve_requests(&me, &network).await };
            workers.push(
                Thread::start(me, &format!("server thread {number}"), true, serve)
                    .await
                    .id,
            );
        }
        let end = world.start_clients(me, &network);
        let time_is_up = me.os().wait_for_device(me.id, end.saturating_sub(me.os().now()));
        me.busy_with(Activity::Idle, async {
            me.detach().await;
            time_is_up.await;
        })
        .await;
        world.record.finish(me, &workers, &[]);
    }
}

impl World {
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
            self.reply(me, &request).await;
        }
    }
}
