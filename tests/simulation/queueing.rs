//! Queues whose figures are known in closed form, built on the engine and on the operating system's locks.
//!
//! Each figure is estimated from independent replications with fixed seeds. Its 99.9 % confidence interval must hold
//! the exact value, and be so narrow that no value 3 % away could lie in it, too.

use crate::common;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use gilsim::engine::{Action, Engine, Slot, suspend};
use gilsim::os::{Mutex, Outcome};
use gilsim::random::{Key, Stream, Time};
use gilsim::results::statistics::Estimate;
use gilsim::units::Nanos;
use rand::distr::Distribution;

const REPLICATIONS: u64 = 20;
/// Student's t with 19 degrees of freedom: the quantile for 99.9 % over the one for 95 %.
const WIDER: f64 = 3.883 / 2.093;

/// Compares samples of a figure, one for each replication, with its exact value.
fn assert_agrees(what: &str, exact: f64, samples: &[f64]) {
    let estimate = Estimate::of(samples).expect("there are replications");
    let half_width = WIDER * estimate.half_width().expect("there are several");
    let mean = estimate.mean;
    assert!(
        (mean - exact).abs() <= half_width,
        "{what}: {mean} +- {half_width} instead of {exact}"
    );
    assert!(
        half_width < 0.015 * exact,
        "{what}: {mean} +- {half_width} says too little"
    );
}

fn exponential(mean: Nanos, stream: &RefCell<Stream>) -> Nanos {
    Time::Exponential { mean }.sample(&mut stream.borrow_mut())
}

mod one_line_before_several_servers {
    use super::*;

    const SERVICE: Nanos = Nanos::from_millis(1);
    const CUSTOMERS: u64 = 400_000;
    /// The number of customers before them that are not counted, because the line begins empty.
    const WARM_UP: u64 = 2_000;

    /// M/M/c: customers come at random, stand in one line, and are served by whichever server is free.
    struct Station {
        engine: Engine,
        between_arrivals: Nanos,
        arrivals: RefCell<Stream>,
        services: RefCell<Stream>,
        idle: RefCell<Vec<Slot>>,
        line: RefCell<VecDeque<Customer>>,
        waited: Cell<u64>,
        waiting_time: Cell<u64>,
    }

    struct Customer {
        arrived: Nanos,
        counted: bool,
    }

    impl Station {
        async fn arrive(&self, slot: Slot) {
            for number in 0..WARM_UP + CUSTOMERS {
                self.engine
                    .hold(slot, exponential(self.between_arrivals, &self.arrivals))
                    .await;
                self.line.borrow_mut().push_back(Customer {
                    arrived: self.engine.now(),
                    counted: number >= WARM_UP,
                });
                let server = self.idle.borrow_mut().pop();
                if let Some(server) = server {
                    self.engine.schedule(server, self.engine.now(), Action::Resume);
                }
            }
        }

        async fn serve(&self, slot: Slot) {
            loop {
                let customer = self.line.borrow_mut().pop_front();
                let Some(customer) = customer else {
                    self.idle.borrow_mut().push(slot);
                    suspend().await;
                    continue;
                };
                let wait = (self.engine.now() - customer.arrived).0;
                if customer.counted && wait > 0 {
                    self.waited.set(self.waited.get() + 1);
                    self.waiting_time.set(self.waiting_time.get() + wait);
                }
                self.engine.hold(slot, exponential(SERVICE, &self.services)).await;
            }
        }
    }

    /// The share of customers that wait, and the mean wait of all in units of the mean service time.
    fn simulate(servers: u64, load: f64, key: Key) -> (f64, f64) {
        let station = Rc::new(Station {
            engine: Engine::new(),
            between_arrivals: Nanos((SERVICE.0 as f64 / (load * servers as f64)).round() as u64),
            arrivals: RefCell::new(Stream::named(key.name("arrivals"))),
            services: RefCell::new(Stream::named(key.name("services"))),
            idle: RefCell::default(),
            line: RefCell::default(),
            waited: Cell::new(0),
            waiting_time: Cell::new(0),
        });
        for number in 0..=servers {
            let (slot, place) = (station.engine.add_slot(), station.clone());
            station.engine.spawn(slot, async move {
                match number {
                    0 => place.arrive(slot).await,
                    _ => place.serve(slot).await,
                }
            });
            station.engine.schedule(slot, Nanos::ZERO, Action::Resume);
        }
        station
            .engine
            .run(Nanos::FOREVER, |_| unreachable!("there are no interrupts"));
        let mean = |sum: u64| sum as f64 / CUSTOMERS as f64;
        (
            mean(station.waited.get()),
            mean(station.waiting_time.get()) / SERVICE.0 as f64,
        )
    }

    /// Erlang C: the probability of waiting, from the recursion of Erlang B.
    fn erlang_c(servers: u64, load: f64) -> f64 {
        let offered = load * servers as f64;
        let blocked = (1..=servers).fold(1.0, |blocked, n| {
            offered * blocked / (n as f64 + offered * blocked)
        });
        blocked / (1.0 - load * (1.0 - blocked))
    }

    fn agrees_with_erlang_c(servers: u64, load: f64) {
        let (waits, times): (Vec<f64>, Vec<f64>) = (0..REPLICATIONS)
            .map(|number| simulate(servers, load, Key::root(1, number)))
            .unzip();
        let waiting = erlang_c(servers, load);
        assert_agrees("the probability of waiting", waiting, &waits);
        assert_agrees("the mean wait", waiting / (servers as f64 * (1.0 - load)), &times);
    }

    #[test]
    fn of_one_server_half_busy() {
        assert_eq!(erlang_c(1, 0.5), 0.5);
        agrees_with_erlang_c(1, 0.5);
    }

    #[test]
    fn of_one_busy_server() {
        agrees_with_erlang_c(1, 0.7);
    }

    #[test]
    fn of_two_servers() {
        agrees_with_erlang_c(2, 0.7);
    }

    #[test]
    fn of_four_servers() {
        agrees_with_erlang_c(4, 0.75);
    }
}

mod open_arrivals {
    use super::*;
    use gilsim::experiment;

    const SERVICE: Nanos = Nanos::from_millis(1);

    /// The mean time from a request to its reply in units of the mean service time, and replies a second, of a scenario
    /// on a machine where nothing else costs anything.
    fn simulate(servers: u64, load: f64, verb: &str, run: &str) -> (Vec<f64>, Vec<f64>) {
        let between = Nanos((SERVICE.0 as f64 / (load * servers as f64)).round() as u64);
        let text = format!(
            "[machine]\ncores = {servers}\nprofile = \"profiles/free.toml\"\n\
             [replicate]\nreplications = {REPLICATIONS}\n\
             [[task]]\nname = \"call\"\narrivals = {{ exponential = {{ mean = \"{}ns\" }} }}\n\
             duration = \"200s\"\nwarmup = \"1s\"\nsteps = [{{ {verb} = {{ exponential = {{ mean = \"1ms\" }} }} }}]\n\
             [[run]]\n{run}\n",
            between.0
        );
        let mut results = experiment::run(common::scenario(&text), || ());
        let replications = results.rows.swap_remove(0).replications;
        let latency = |latency: Nanos| latency.0 as f64 / SERVICE.0 as f64;
        (
            replications
                .iter()
                .map(|done| latency(done.latency.mean))
                .collect(),
            replications
                .iter()
                .map(|done| done.items as f64 / done.counted.as_secs_f64())
                .collect(),
        )
    }

    fn agrees_with_theory(servers: u64, load: f64, waiting: f64, verb: &str, run: &str) {
        let (times, rates) = simulate(servers, load, verb, run);
        let wait = waiting / (servers as f64 * (1.0 - load));
        assert_agrees("the mean time to a reply", 1.0 + wait, &times);
        assert_agrees(
            "the throughput",
            load * servers as f64 / SERVICE.as_secs_f64(),
            &rates,
        );
    }

    #[test]
    fn at_a_thread() {
        agrees_with_theory(1, 0.5, 0.5, "python", "executor = \"server\"");
    }

    #[test]
    fn at_an_event_loop() {
        agrees_with_theory(1, 0.5, 0.5, "python", "executor = \"asyncio\"");
    }

    #[test]
    fn at_two_threads_in_c_code() {
        // Erlang C of two servers: 2 r^2 / (1 + r).
        agrees_with_theory(2, 0.5, 1.0 / 3.0, "native", "executor = \"server\"\nthreads = 2");
    }
}

mod one_lock_with_many_contenders {
    use super::*;

    const THINK: Nanos = Nanos::from_millis(10);
    const HOLD: Nanos = Nanos::from_millis(1);
    const TIME: Nanos = Nanos::from_secs(60);

    /// Contenders that think, take the lock and hold it for a while, on as many cores, where nothing else costs
    /// anything. Gives how often the lock was taken in a second, and the share of time that it was held.
    fn simulate(contenders: u64, key: Key) -> (f64, f64) {
        let os = common::quiet_machine(contenders as usize, common::free_profile(|_| ()));
        let lock = Rc::new(Mutex::new(&os, "the lock"));
        let (taken, held) = (Rc::new(Cell::new(0_u64)), Rc::new(Cell::new(0_u64)));
        for number in 0..contenders {
            let (inner, lock, taken, held) = (os.clone(), lock.clone(), taken.clone(), held.clone());
            let times = RefCell::new(Stream::named(key.number(number)));
            common::spawn(&os, &format!("contender {number}"), move |me| async move {
                loop {
                    inner.wait_for_device(me, exponential(THINK, &times)).await;
                    lock.lock(&inner, me).await;
                    let hold = exponential(HOLD, &times);
                    inner.compute(me, hold).await;
                    taken.set(taken.get() + 1);
                    held.set(held.get() + hold.0);
                    lock.unlock(&inner, me).await;
                }
            });
        }
        assert_eq!(os.run(TIME), Outcome::Limit);
        (
            taken.get() as f64 / TIME.as_secs_f64(),
            held.get() as f64 / TIME.0 as f64,
        )
    }

    /// M/M/1//N: the share of time that the one repairman of N machines is busy.
    fn busy(contenders: u64) -> f64 {
        let ratio = HOLD.0 as f64 / THINK.0 as f64;
        let mut weight = 1.0;
        let mut sum = 1.0;
        for broken in 0..contenders {
            weight *= (contenders - broken) as f64 * ratio;
            sum += weight;
        }
        1.0 - 1.0 / sum
    }

    fn agrees_with_the_repairman(contenders: u64) {
        let (rates, shares): (Vec<f64>, Vec<f64>) = (0..REPLICATIONS)
            .map(|number| simulate(contenders, Key::root(1, number)))
            .unzip();
        let busy = busy(contenders);
        assert_agrees("the lock's utilisation", busy, &shares);
        assert_agrees("its throughput", busy / HOLD.as_secs_f64(), &rates);
    }

    #[test]
    fn of_two() {
        agrees_with_the_repairman(2);
    }

    #[test]
    fn of_eight() {
        agrees_with_the_repairman(8);
    }

    #[test]
    fn of_sixteen() {
        agrees_with_the_repairman(16);
    }
}
