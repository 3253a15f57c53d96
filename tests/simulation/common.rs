//! Scenarios, profiles and machines for the tests of the simulation.

pub mod lock_protocol;
pub mod locked;
pub mod random_scenarios;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use gilsim::os::{Activity, Os, ThreadId, ThreadSpec};
use gilsim::profile::Profile;
use gilsim::random::Key;
use gilsim::scenario::Scenario;

/// The number of random cases to try: `usual` multiplied by the environment variable `GILSIM_MORE_CASES`, which
/// `.ci/extended` sets.
pub fn cases(usual: u32) -> u32 {
    let times =
        std::env::var("GILSIM_MORE_CASES").map_or(1, |times| times.parse().expect("a number of times"));
    usual * times
}

/// Where scenarios written in tests find the profiles and measured values that they name.
pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// A scenario from its text, which must be good.
pub fn scenario(text: &str) -> Scenario {
    Scenario::parse(Path::new("test.toml"), text, Path::new(FIXTURES), &[], None)
        .unwrap_or_else(|diagnostics| panic!("{}\n{text}", diagnostics.render(false)))
}

/// A profile of `tests/fixtures/profiles`, or a bundled one.
pub fn profile(name: &str) -> Arc<Profile> {
    Profile::load(name, Path::new(FIXTURES)).expect("the profile is good")
}

/// The profile without any costs, except those that `change` sets.
pub fn free_profile(change: impl FnOnce(&mut Profile)) -> Arc<Profile> {
    let mut profile = Profile::clone(&profile("profiles/free.toml"));
    change(&mut profile);
    Arc::new(profile)
}

/// A recording machine of `cores` x `smt` CPUs.
pub fn machine(cores: usize, smt: usize, profile: Arc<Profile>) -> Rc<Os> {
    Os::recording(cores, smt, profile, Key::root(1, 0))
}

/// A machine that records nothing, for long runs.
pub fn quiet_machine(cores: usize, profile: Arc<Profile>) -> Rc<Os> {
    Os::new(cores, 1, profile, Key::root(1, 0))
}

/// Spawns a foreground thread.
pub fn spawn<F: Future<Output = ()> + 'static>(
    os: &Rc<Os>,
    name: &str,
    body: impl FnOnce(ThreadId) -> F,
) -> ThreadId {
    os.spawn(spec(name, true), body)
}

/// Spawns a background thread: the run does not wait for it.
pub fn spawn_background<F: Future<Output = ()> + 'static>(
    os: &Rc<Os>,
    name: &str,
    body: impl FnOnce(ThreadId) -> F,
) -> ThreadId {
    os.spawn(spec(name, false), body)
}

/// The specification of a thread that belongs to no process.
pub fn spec(name: &str, foreground: bool) -> ThreadSpec {
    ThreadSpec {
        name: name.into(),
        process: None,
        foreground,
        activity: Activity::Running,
    }
}
