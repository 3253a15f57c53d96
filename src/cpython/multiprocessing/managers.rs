//! `multiprocessing.Manager` and its queues: `Lib/multiprocessing/managers.py`.
//!
//! ```text
//!  a thread with a proxy --request, a socket--> a thread of the server --> queue.Queue
//!           ^                                             |
//!           +------------------ reply --------------------+
//! ```
//! Each thread that uses a proxy has a connection of its own, for which the server has a thread. All threads of the server
//! share one interpreter lock. A blocking `get` blocks the server's thread for that connection.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::connection::{Connection, Message};
use super::context::Launcher;
use super::process::Process;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::queue::Queue;
use crate::cpython::threading::Event;
use crate::cpython::threading::Thread;
use crate::model::{Payload, StartMethod};
use crate::os::{Activity, Os, ProcessId, Semaphore, ThreadId, UnixSocket};
use crate::units::{Bytes, Nanos};

/// Length of a challenge, of its answer and of the welcome: `Lib/multiprocessing/connection.py`.
const CHALLENGE: Bytes = Bytes(32);

/// `BaseManager`, started. Its server runs in a process of its own.
pub(crate) struct Manager<T> {
    server: Rc<Server<T>>,
    process: Process,
    method: StartMethod,
    /// `_tls`: the connection of each thread that uses a proxy.
    connections: RefCell<BTreeMap<ThreadId, Rc<Link<T>>>>,
    /// The forked processes that refer to a queue, after `_after_fork` has counted them.
    referring: RefCell<BTreeSet<(ProcessId, usize)>>,
}

/// `Manager().Queue()`: the proxy of a queue in the server.
pub(crate) struct QueueProxy<T> {
    manager: Rc<Manager<T>>,
    number: usize,
    /// The process that made it, whose reference is counted already.
    home: ProcessId,
}

/// `Server`
struct Server<T> {
    /// The connections that have not been accepted yet.
    backlog: RefCell<VecDeque<Rc<Link<T>>>>,
    arrived: Semaphore,
    /// `id_to_obj`
    queues: RefCell<Vec<Rc<Queue<Message<T>>>>>,
    stop_event: RefCell<Option<Rc<Event>>>,
}

/// A connected pair of sockets.
struct Link<T> {
    to_server: Connection<Request<T>, UnixSocket>,
    to_client: Connection<Reply<T>, UnixSocket>,
}

/// A message from a client.
enum Request<T> {
    /// A challenge, or the answer to one.
    Challenge,
    /// `create`: a new queue, with its name in deadlock reports.
    Create(String),
    /// `incref` and `decref`, which decide when the server may delete a queue.
    Count,
    /// `accept_connection`: from now on this connection carries calls.
    Accept,
    /// `shutdown`
    Shutdown,
    Put(usize, Message<T>),
    Get(usize),
}

/// An answer of the server.
enum Reply<T> {
    Challenge,
    /// `('#RETURN', None)`
    Nothing,
    Item(Message<T>),
}

impl<T: 'static> Server<T> {
    /// `_run_server` and `serve_forever`. That the main thread wakes up every second to check `stop_event` is not modelled.
    async fn run(self: &Rc<Self>, me: &ThreadState, address: &Connection<()>) {
        let stop_event = Rc::new(Event::new(me, "the manager to be told to stop"));
        *self.stop_event.borrow_mut() = Some(stop_event.clone());
        me.dumps(&[]).await;
        address.send_bytes(me, (), me.pickled_size(&[])).await;
        let server = self.clone();
        Thread::start(me, "accepter of the manager", true, move |me| async move {
            server.accept(&me).await
        })
        .await;
        stop_event.wait(me).await;
    }

    /// `accepter`: a thread for each connection.
    async fn accept(self: &Rc<Self>, me: &ThreadState) {
        loop {
            let accepting = me.allow_threads(self.arrived.wait(me.os(), me.id));
            me.busy_with(Activity::Idle, accepting).await;
            let link = self
                .backlog
                .borrow_mut()
                .pop_front()
                .expect("each arrival is a connection");
            let server = self.clone();
            Thread::start(me, "thread of the manager", true, move |me| async move {
                server.handle_request(&me, &link).await
            })
            .await;
        }
    }

    /// `handle_request`
    async fn handle_request(&self, me: &ThreadState, link: &Link<T>) {
        me.enter(Activity::Ipc);
        link.challenge_client(me).await;
        link.answer_client(me).await;
        let request = link.next(me).await;
        if let Request::Create(name) = &request {
            let queue = Rc::new(Queue::new(me, name));
            self.queues.borrow_mut().push(queue);
        }
        link.reply(me, Reply::Nothing, &[]).await;
        match request {
            Request::Accept => self.serve_client(me, link).await,
            Request::Shutdown => {
                let stop_event = self.stop_event.take();
                if let Some(event) = stop_event {
                    event.set(me).await;
                }
            }
            _ => {}
        }
    }

    /// `serve_client`: requests are unpickled and replies are pickled here, with the server's interpreter lock held.
    async fn serve_client(&self, me: &ThreadState, link: &Link<T>) {
        let costs = &me.costs().manager;
        let queue = |number: usize| self.queues.borrow()[number].clone();
        loop {
            let request = link.next(me).await;
            me.bytecode(costs.serve).await;
            match request {
                Request::Put(number, message) => {
                    queue(number).put(me, message, costs.method).await;
                    link.reply(me, Reply::Nothing, &[]).await;
                }
                Request::Get(number) => {
                    let message = queue(number).get(me, costs.method).await;
                    let payloads = message.payloads.clone();
                    link.reply(me, Reply::Item(message), &payloads).await;
                    me.let_go(&payloads);
                }
                _ => unreachable!("an accepted connection carries calls"),
            }
        }
    }
}

impl<T: 'static> Manager<T> {
    /// `Manager()`: starts the server and waits for its address.
    pub(crate) async fn start(me: &ThreadState, launcher: &Launcher) -> Rc<Self> {
        let os = me.os();
        let server = Rc::new(Server {
            backlog: RefCell::default(),
            arrived: Semaphore::new(os, "a client of the manager", 0),
            queues: RefCell::default(),
            stop_event: RefCell::default(),
        });
        let address: Rc<Connection<()>> = Rc::new(Connection::new(os, "the manager's address"));
        let (serving, telling) = (server.clone(), address.clone());
        let main = move |me: ThreadState| async move { serving.run(&me, &telling).await };
        let process = launcher
            .start(me, "the manager", true, Nanos::ZERO, &[], main)
            .await;
        address.recv_bytes(me).await;
        me.loads(&[]).await;
        Rc::new(Self {
            server,
            process,
            method: launcher.method(),
            connections: RefCell::default(),
            referring: RefCell::default(),
        })
    }

    /// `Queue()`: three requests, each with a connection of its own. Deadlock reports call the queue `name`.
    pub(crate) async fn queue(self: &Rc<Self>, me: &ThreadState, name: &str) -> QueueProxy<T> {
        let number = self.server.queues.borrow().len();
        self.dispatch(me, Request::Create(name.to_owned())).await;
        self.dispatch(me, Request::Count).await;
        self.dispatch(me, Request::Count).await;
        QueueProxy {
            manager: self.clone(),
            number,
            home: me.interpreter.process,
        }
    }

    /// `_finalize_manager`: tells the server to stop, and waits for it.
    pub(crate) async fn shutdown(&self, me: &ThreadState) {
        self.dispatch(me, Request::Shutdown).await;
        self.process.join(me).await;
    }

    /// `Client(address, authkey=...)` and `dispatch`: a request with a connection of its own.
    async fn dispatch(&self, me: &ThreadState, request: Request<T>) -> Rc<Link<T>> {
        let doing = async {
            let link = Rc::new(Link::new(me.os()));
            self.server.backlog.borrow_mut().push_back(link.clone());
            self.server.arrived.post(me.os(), me.id).await;
            link.answer_challenge(me).await;
            link.deliver_challenge(me).await;
            link.send(me, request, &[]).await;
            link.recv(me).await;
            link
        };
        me.busy_with(Activity::Ipc, doing).await
    }

    /// The connection of this thread. The first call makes it: `_connect`.
    async fn connection(&self, me: &ThreadState) -> Rc<Link<T>> {
        let known = self.connections.borrow().get(&me.id).cloned();
        if let Some(link) = known {
            return link;
        }
        let link = self.dispatch(me, Request::Accept).await;
        self.connections.borrow_mut().insert(me.id, link.clone());
        link
    }

    /// `_callmethod`
    async fn call(&self, me: &ThreadState, request: Request<T>, arguments: &[Payload]) -> Reply<T> {
        let before = me.enter(Activity::Ipc);
        let link = self.connection(me).await;
        me.bytecode(me.costs().manager.call).await;
        link.send(me, request, arguments).await;
        let reply = link.recv(me).await;
        me.enter(before);
        reply
    }
}

impl<T: 'static> QueueProxy<T> {
    /// `put`: returns when the server has put the object.
    pub(crate) async fn put(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        let arguments = payloads.clone();
        let message = Message { content, payloads };
        self.manager
            .call(me, Request::Put(self.number, message), &arguments)
            .await;
    }

    /// `get`
    pub(crate) async fn get(&self, me: &ThreadState) -> T {
        match self.manager.call(me, Request::Get(self.number), &[]).await {
            Reply::Item(message) => message.content,
            Reply::Challenge | Reply::Nothing => unreachable!("the answer to a get is an item"),
        }
    }

    /// `_after_fork`: a forked process adds a reference to the queue. A spawned one inherits its parent's reference.
    pub(crate) async fn after_fork(&self, me: &ThreadState) {
        let process = me.interpreter.process;
        let forked = self.manager.method == StartMethod::Fork && process != self.home;
        if forked && self.manager.referring.borrow_mut().insert((process, self.number)) {
            self.manager.dispatch(me, Request::Count).await;
        }
    }

    /// `_decref`: a process that `after_fork` has counted exits.
    pub(crate) async fn close(&self, me: &ThreadState) {
        let referring = (me.interpreter.process, self.number);
        if self.manager.referring.borrow_mut().remove(&referring) {
            self.manager.dispatch(me, Request::Count).await;
        }
    }
}

impl<T> Link<T> {
    fn new(os: &Os) -> Self {
        Self {
            to_server: Connection::new(os, "a socket to the manager"),
            to_client: Connection::new(os, "a socket from the manager"),
        }
    }

    /// The client's `answer_challenge`.
    async fn answer_challenge(&self, me: &ThreadState) {
        recv_challenge(me, &self.to_client).await;
        me.bytecode(me.costs().manager.challenge).await;
        send_challenge(me, &self.to_server, Request::Challenge).await;
        recv_challenge(me, &self.to_client).await;
    }

    /// The client's `deliver_challenge`.
    async fn deliver_challenge(&self, me: &ThreadState) {
        send_challenge(me, &self.to_server, Request::Challenge).await;
        me.bytecode(me.costs().manager.challenge).await;
        recv_challenge(me, &self.to_client).await;
        send_challenge(me, &self.to_server, Request::Challenge).await;
    }

    /// The server's `deliver_challenge`.
    async fn challenge_client(&self, me: &ThreadState) {
        send_challenge(me, &self.to_client, Reply::Challenge).await;
        me.bytecode(me.costs().manager.challenge).await;
        recv_challenge(me, &self.to_server).await;
        send_challenge(me, &self.to_client, Reply::Challenge).await;
    }

    /// The server's `answer_challenge`.
    async fn answer_client(&self, me: &ThreadState) {
        recv_challenge(me, &self.to_server).await;
        me.bytecode(me.costs().manager.challenge).await;
        send_challenge(me, &self.to_client, Reply::Challenge).await;
        recv_challenge(me, &self.to_server).await;
    }

    async fn send(&self, me: &ThreadState, request: Request<T>, payloads: &[Payload]) {
        me.dumps(payloads).await;
        self.to_server
            .send_bytes(me, request, me.pickled_size(payloads))
            .await;
    }

    /// The client's `recv`.
    async fn recv(&self, me: &ThreadState) -> Reply<T> {
        let reply = self.to_client.recv_bytes(me).await;
        match &reply {
            Reply::Item(message) => me.loads(&message.payloads).await,
            Reply::Challenge | Reply::Nothing => me.loads(&[]).await,
        }
        reply
    }

    /// The server's `recv`.
    async fn next(&self, me: &ThreadState) -> Request<T> {
        let request = self.to_server.recv_bytes(me).await;
        match &request {
            Request::Put(_, message) => me.loads(&message.payloads).await,
            _ => me.loads(&[]).await,
        }
        request
    }

    async fn reply(&self, me: &ThreadState, reply: Reply<T>, payloads: &[Payload]) {
        me.dumps(payloads).await;
        self.to_client
            .send_bytes(me, reply, me.pickled_size(payloads))
            .await;
    }
}

async fn send_challenge<M>(me: &ThreadState, connection: &Connection<M, UnixSocket>, message: M) {
    me.allocate(CHALLENGE);
    connection.send_bytes(me, message, CHALLENGE).await;
}

async fn recv_challenge<M>(me: &ThreadState, connection: &Connection<M, UnixSocket>) {
    connection.recv_bytes(me).await;
    me.free(CHALLENGE);
}
