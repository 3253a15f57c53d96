mod common;
use gilsim::os::Os;
use gilsim::random::Key;
use gilsim::workload;
use std::sync::Arc;

#[test]
fn look() {
    for (workers, extra) in [
        (2, "chunksize = 1\n"),
        (8, "chunksize = 1\n"),
        (64, "chunksize = 1\n"),
    ] {
        let text = format!(
            "[machine]\ncores = 2\n[[task]]\nname = \"item\"\ncount = 8000\nsteps = [{{ python = \"0ns\" }}]\n[[run]]\nexecutor = \"pool\"\nworkers = {workers}\n{extra}"
        );
        let scenario = common::scenario(&text);
        let configuration = Arc::new(scenario.configurations[0].clone());
        let key = Key::root(1, 0);
        let os = Os::new(2, 1, configuration.machine.profile.clone(), key.name("machine"));
        let outcome = workload::play(&os, &configuration, key, &scenario.replicate);
        let mut w = 0;
        for life in os.lives() {
            let us = life.done.at_full_speed_takes().0 as f64 / 8e6;
            if life.name.starts_with("worker") {
                w += life.done.at_full_speed_takes().0
            } else {
                println!("{workers} {} {us:.2}", life.name);
            }
        }
        println!(
            "{workers} workers {:.2}, makespan {:.2} switches {:.2}",
            w as f64 / 8e6,
            outcome.makespan.0 as f64 / 8e6,
            outcome.switches as f64 / 8e3
        );
    }
}
