//! The interpreter lock of 3.2 and later, copied down from CPython's source as plainly as can be: what the
//! simulator's own lock is held against.
//!
//! Written from `Python/ceval_gil.h` of 3.2 and `Python/ceval_gil.c` of 3.11 to 3.14 (`take_gil`, `drop_gil`) and from
//! `Python/pystate.c` (`PyThreadState_DeleteCurrent`). It shares nothing with the simulator but the unit of time. There
//! is a CPU for every thread, and nothing costs anything but what [`Platform`] says. Each thread has at most one thing
//! that will happen to it next; whatever is earliest happens.

use gilsim::units::Nanos;

/// What takes how long.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `sys.setswitchinterval`
    pub interval: Nanos,
    /// From a signal, a timer or a device's answer until the thread runs.
    pub wake_latency: Nanos,
    /// By how much a timer goes off late.
    pub timer_slack: Nanos,
    /// From the drop request until the holder looks at the eval breaker, and from the beginning of bytecode where it
    /// has been asked before.
    pub eval_check: Nanos,
}

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Bytecode.
    Bytecode(Nanos),
    /// C code that holds the lock.
    CallHoldingLock(Nanos),
    /// C code that releases the lock.
    CallWithoutLock(Nanos),
    /// A device that is waited for without the lock.
    Device(Nanos),
}

/// A thread's life.
#[derive(Clone, Debug)]
pub struct Program {
    /// How long it waits for a device before it first wants the lock.
    pub begins: Nanos,
    pub steps: Vec<Step>,
}

/// A thread had the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub thread: usize,
    pub from: Nanos,
    pub to: Nanos,
}

/// What became of the programs.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// Every time that the lock was held, in order.
    pub held: Vec<Held>,
    /// When each thread was through with its last `drop_gil`.
    pub ended: Vec<Nanos>,
    /// `switch_number` at the end.
    pub switches: u64,
}

/// A rule that is got wrong on purpose, to see that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// `gil->switch_number == saved_switchnum` is not asked.
    AsksThoughTheLockWasSwitched,
    /// `timed_out` is not asked.
    AsksThoughSignalled,
    /// `COND_WAIT(gil->switch_cond)` is left out.
    DoesNotWaitForTheSwitch,
    /// The same, but only where the lock is released before a call.
    WaitsForTheSwitchOnlyWhenForced,
    /// `COND_SIGNAL(gil->cond)` wakes the youngest waiter.
    WakesTheYoungest,
    /// A signalled waiter that finds the lock taken again waits on at the front of the queue.
    KeepsItsPlace,
    /// A waiter that finds the lock taken again waits for what is left of its interval.
    KeepsItsTimer,
    /// A waiter whose time is up is out of the queue before it runs, so that no signal goes to it.
    LeavesTheQueueWhenItsTimeIsUp,
    /// A thread that ends waits for the switch in those versions in which it does not, and the other way round.
    EndsAsInOtherVersions,
    /// The drop request is still there after the lock was taken.
    KeepsTheRequest,
}

/// What a thread does once `drop_gil` has returned.
#[derive(Clone, Copy)]
enum Then {
    TakesGil,
    Calls(Nanos),
    WaitsForDevice(Nanos),
    Ends,
}

/// What happens to a thread next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It calls `take_gil`.
    WantsLock,
    /// It looks at the eval breaker amid bytecode.
    Looks,
    /// Its bytecode is done.
    BytecodeEnds,
    /// The C function that holds the lock returns.
    CallReturns,
    /// The timer of its timed wait goes off.
    TimerExpires,
    /// Its timed wait returns: timed out, or signalled.
    WaitReturns { timed_out: bool },
    /// Its wait for the switch returns.
    SwitchSeen,
}

struct Thread {
    steps: std::vec::IntoIter<Step>,
    next: Option<(Nanos, Next)>,
    /// Bytecode that it has not run yet, at `since`.
    left: Nanos,
    since: Nanos,
    /// 3.13 and later: `_PY_GIL_DROP_REQUEST_BIT` of its eval breaker.
    drop_request: bool,
    /// `saved_switchnum`
    saved: u64,
    /// When its timer goes off.
    timer: Nanos,
    then: Then,
}

/// The lock, its threads and the time.
pub struct Protocol {
    minor: u8,
    platform: Platform,
    mistake: Option<Mistake>,
    now: Nanos,
    threads: Vec<Thread>,
    /// Two things are due in one nanosecond: their order is not the protocol's business.
    tied: bool,
    locked: bool,
    last_holder: Option<usize>,
    switch_number: u64,
    /// `gil_drop_request`, before 3.13.
    drop_request: bool,
    /// The threads that wait on `gil->cond`, the oldest first.
    cond: Vec<usize>,
    /// The thread that waits on `gil->switch_cond`. There is at most one, because a thread that takes the lock wakes it.
    switch_cond: Option<usize>,
    held: Vec<Held>,
    ended: Vec<Nanos>,
}

impl Protocol {
    /// Plays the programs to their ends under CPython 3.`minor`. `None` where two things are due in one nanosecond.
    pub fn play(
        minor: u8,
        platform: &Platform,
        programs: &[Program],
        mistake: Option<Mistake>,
    ) -> Option<Account> {
        let thread = |program: &Program| Thread {
            steps: program.steps.clone().into_iter(),
            // A new thread is woken, as it is once more by the device.
            next: Some((
                platform.wake_latency + program.begins + platform.wake_latency,
                Next::WantsLock,
            )),
            left: Nanos::ZERO,
            since: Nanos::ZERO,
            drop_request: false,
            saved: 0,
            timer: Nanos::ZERO,
            then: Then::Ends,
        };
        let mut protocol = Self {
            minor,
            platform: platform.clone(),
            mistake,
            now: Nanos::ZERO,
            threads: programs.iter().map(thread).collect(),
            tied: false,
            locked: false,
            last_holder: None,
            switch_number: 0,
            drop_request: false,
            cond: Vec::new(),
            switch_cond: None,
            held: Vec::new(),
            ended: vec![Nanos::FOREVER; programs.len()],
        };
        while !protocol.tied && protocol.happens() {}
        (!protocol.tied).then_some(Account {
            held: protocol.held,
            ended: protocol.ended,
            switches: protocol.switch_number,
        })
    }

    /// The earliest of what comes next. False where nothing does.
    fn happens(&mut self) -> bool {
        let pending = |(thread, record): (usize, &Thread)| record.next.map(|(at, next)| (at, thread, next));
        let mut all: Vec<_> = self.threads.iter().enumerate().filter_map(pending).collect();
        all.sort_by_key(|&(at, ..)| at);
        let Some(&(at, thread, next)) = all.first() else {
            return false;
        };
        // A timer makes its thread run one wake latency later, and so does a signal in the same nanosecond: it does not
        // matter when it comes.
        let matters = |&&(time, _, next): &&(Nanos, usize, Next)| time == at && next != Next::TimerExpires;
        self.tied = all.iter().filter(matters).count() > 1;
        assert!(at >= self.now, "time runs backwards");
        self.now = at;
        self.threads[thread].next = None;
        match next {
            Next::WantsLock => self.take_gil(thread),
            Next::Looks => self.looks(thread),
            Next::BytecodeEnds => {
                self.threads[thread].left = Nanos::ZERO;
                self.next_step(thread);
            }
            Next::CallReturns => self.call_returns(thread),
            Next::TimerExpires => self.timer_expires(thread),
            Next::WaitReturns { timed_out } => self.wait_returns(thread, timed_out),
            Next::SwitchSeen => self.go_on(thread),
        }
        true
    }

    fn after(&mut self, thread: usize, time: Nanos, next: Next) {
        self.threads[thread].next = Some((self.now + time, next));
    }

    fn wrong(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    // take_gil

    fn take_gil(&mut self, thread: usize) {
        if self.locked {
            self.wait(thread);
        } else {
            self.acquire(thread);
        }
    }

    /// `COND_TIMED_WAIT(gil->cond, gil->mutex, interval, timed_out)`
    fn wait(&mut self, thread: usize) {
        self.threads[thread].saved = self.switch_number;
        self.cond.push(thread);
        let interval = self.platform.interval.max(Nanos::from_micros(1));
        self.threads[thread].timer = self.now + interval + self.platform.timer_slack;
        self.after(thread, interval + self.platform.timer_slack, Next::TimerExpires);
    }

    /// The thread is on its way to a CPU, and still in the queue.
    fn timer_expires(&mut self, thread: usize) {
        if self.wrong(Mistake::LeavesTheQueueWhenItsTimeIsUp) {
            self.cond.retain(|&waiter| waiter != thread);
        }
        let returns = Next::WaitReturns { timed_out: true };
        self.after(thread, self.platform.wake_latency, returns);
    }

    /// `COND_SIGNAL(gil->cond)`
    fn signal(&mut self) {
        if self.cond.is_empty() {
            return;
        }
        let thread = match self.wrong(Mistake::WakesTheYoungest) {
            true => self.cond.pop().expect("there is a waiter"),
            false => self.cond.remove(0),
        };
        let returns = Next::WaitReturns { timed_out: false };
        match self.threads[thread].next {
            // It is on its way already, and is told that it was signalled.
            Some((at, Next::WaitReturns { .. })) => self.threads[thread].next = Some((at, returns)),
            _ => self.after(thread, self.platform.wake_latency, returns),
        }
    }

    /// The rest of the loop in `take_gil`.
    fn wait_returns(&mut self, thread: usize, timed_out: bool) {
        self.cond.retain(|&waiter| waiter != thread);
        if !self.locked {
            return self.acquire(thread);
        }
        let no_switch = self.switch_number == self.threads[thread].saved
            || self.wrong(Mistake::AsksThoughTheLockWasSwitched);
        if (timed_out || self.wrong(Mistake::AsksThoughSignalled)) && no_switch {
            self.set_drop_request();
        }
        let timer = self.threads[thread].timer;
        self.wait(thread);
        if !timed_out && self.wrong(Mistake::KeepsItsPlace) {
            self.cond.rotate_right(1);
        }
        if timer > self.now && self.wrong(Mistake::KeepsItsTimer) {
            self.threads[thread].timer = timer;
            self.threads[thread].next = Some((timer, Next::TimerExpires));
        }
    }

    /// From `_ready` on.
    fn acquire(&mut self, thread: usize) {
        assert!(!self.locked, "the lock is held twice");
        self.locked = true;
        if self.last_holder != Some(thread) {
            self.last_holder = Some(thread);
            self.switch_number += 1;
        }
        if let Some(waiter) = self.switch_cond.take() {
            self.after(waiter, self.platform.wake_latency, Next::SwitchSeen);
        }
        if !self.wrong(Mistake::KeepsTheRequest) {
            *self.drop_request_of(thread) = false;
        }
        self.held.push(Held {
            thread,
            from: self.now,
            to: Nanos::FOREVER,
        });
        if self.threads[thread].left > Nanos::ZERO {
            self.bytecode(thread);
        } else {
            self.next_step(thread);
        }
    }

    // The drop request

    /// Before 3.13 one flag for all threads, from then on a bit of each.
    fn drop_request_of(&mut self, thread: usize) -> &mut bool {
        match self.minor {
            ..13 => &mut self.drop_request,
            _ => &mut self.threads[thread].drop_request,
        }
    }

    /// `SET_GIL_DROP_REQUEST`, or `_Py_set_eval_breaker_bit(holder_tstate, _PY_GIL_DROP_REQUEST_BIT)`
    fn set_drop_request(&mut self) {
        let holder = self.last_holder.expect("the lock is held");
        *self.drop_request_of(holder) = true;
        let look = self.now + self.platform.eval_check;
        if let Some((at, Next::BytecodeEnds)) = self.threads[holder].next
            && look < at
        {
            self.threads[holder].next = Some((look, Next::Looks));
        }
    }

    // The eval loop

    /// Runs what is left of the bytecode.
    fn bytecode(&mut self, thread: usize) {
        self.threads[thread].since = self.now;
        let left = self.threads[thread].left;
        let check = self.platform.eval_check;
        match *self.drop_request_of(thread) && check < left {
            true => self.after(thread, check, Next::Looks),
            false => self.after(thread, left, Next::BytecodeEnds),
        }
    }

    /// `_Py_HandlePending`, `eval_frame_handle_pending`: there is a drop request.
    fn looks(&mut self, thread: usize) {
        let ran = self.now - self.threads[thread].since;
        self.threads[thread].left = self.threads[thread].left - ran;
        self.drop_gil(thread, Then::TakesGil);
    }

    /// `CHECK_EVAL_BREAKER` at the end of `CALL`; before 3.10 the same at the next instruction.
    fn call_returns(&mut self, thread: usize) {
        match *self.drop_request_of(thread) {
            true => self.drop_gil(thread, Then::TakesGil),
            false => self.next_step(thread),
        }
    }

    fn next_step(&mut self, thread: usize) {
        match self.threads[thread].steps.next() {
            Some(Step::Bytecode(time)) => {
                self.threads[thread].left = time;
                self.bytecode(thread);
            }
            Some(Step::CallHoldingLock(time)) => self.after(thread, time, Next::CallReturns),
            Some(Step::CallWithoutLock(time)) => self.drop_gil(thread, Then::Calls(time)),
            Some(Step::Device(time)) => self.drop_gil(thread, Then::WaitsForDevice(time)),
            None => self.drop_gil(thread, Then::Ends),
        }
    }

    // drop_gil

    /// A thread that ends passes its thread state from 3.9 to 3.11 (`_PyEval_ReleaseLock(tstate)`). Before, the
    /// current thread state is NULL by then; from 3.12 on `_PyEval_ReleaseLock(interp, NULL)` says that it will not be
    /// back (`final_release` from 3.13 on).
    fn is_final_release(&self, then: Then) -> bool {
        let silent = !(9..=11).contains(&self.minor);
        matches!(then, Then::Ends) && silent != self.wrong(Mistake::EndsAsInOtherVersions)
    }

    fn drop_gil(&mut self, thread: usize, then: Then) {
        let final_release = self.is_final_release(then);
        if !final_release {
            self.last_holder = Some(thread);
        }
        assert!(self.locked, "drop_gil: GIL is not locked");
        self.locked = false;
        self.held.last_mut().expect("a thread had the lock").to = self.now;
        self.signal();
        let forced = matches!(then, Then::TakesGil);
        let waits = !(self.wrong(Mistake::DoesNotWaitForTheSwitch)
            || (self.wrong(Mistake::WaitsForTheSwitchOnlyWhenForced) && !forced));
        self.threads[thread].then = then;
        if waits && !final_release && *self.drop_request_of(thread) && self.last_holder == Some(thread) {
            *self.drop_request_of(thread) = false;
            assert!(self.switch_cond.is_none(), "two threads wait for one switch");
            self.switch_cond = Some(thread);
        } else {
            self.go_on(thread);
        }
    }

    /// `drop_gil` has returned.
    fn go_on(&mut self, thread: usize) {
        match self.threads[thread].then {
            Then::TakesGil => self.take_gil(thread),
            Then::Calls(time) => self.after(thread, time, Next::WantsLock),
            Then::WaitsForDevice(time) => {
                self.after(thread, time + self.platform.wake_latency, Next::WantsLock);
            }
            Then::Ends => self.ended[thread] = self.now,
        }
    }
}
