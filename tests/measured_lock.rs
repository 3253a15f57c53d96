//! The interpreter lock against logs of every step that a real CPython took.

mod common {
    pub mod locked;
}

use common::locked::{Busy, Program};
use gilsim::profile::Profile;
use gilsim::scenario::Version;
use gilsim::units::Nanos;
use std::path::Path;

fn program(cores: usize, threads: u32, interval_us: u64, busy: Busy) -> Program {
    Program {
        profile: Profile::load("linux-x86_64", Path::new(".")).unwrap(),
        version: Version::release(3, 13),
        cores,
        threads,
        interval: Nanos::from_micros(interval_us),
        busy,
        runs_for: Nanos::from_secs(20),
    }
}

#[test]
fn explore() {
    let table = std::fs::read_to_string("/work/shared/reference/lock-trace-3.13.csv").unwrap();
    let mut lines = table.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let held = Busy::Held(Nanos::from_micros(1000), Nanos::from_micros(1500));
    for line in lines {
        if let Ok(only) = std::env::var("ONLY") { if !line.starts_with(&only) { continue; } }
        let cells: Vec<&str> = line.split(',').collect();
        let busy = if cells[0] == "busy" { Busy::Python } else { held };
        let number = |i: usize| cells[i].parse::<u64>().unwrap();
        let trace = program(number(3) as usize, number(1) as u32, number(2), busy).trace();
        println!("{}", cells[..4].join(","));
        for i in 4..columns.len() {
            let simulated = trace.figures.get(columns[i]).copied().unwrap_or(f64::NAN);
            print!("   {}: {simulated:.2}/{}", columns[i].replace("_per_s","/s").replace("release_to_running","rel2run").replace("request_to_release","req2rel"), cells[i]);
            if i == columns.len() - 1 {
                println!();
                for (from, to) in [(0,200),(200,400),(400,600),(600,800),(800,1000),(1000,1300),(1300,1600),(1600,2000),(2000,3000),(3000,5000),(5000,10000),(10000,100000)] {
                    let bucket: Vec<bool> = trace.settles.iter().filter(|(t,_)| (from..to).contains(t)).map(|(_,a)| *a).collect();
                    print!(" {from}:{}/{:.2}", bucket.len(), bucket.iter().filter(|&&a| a).count() as f64/bucket.len() as f64);
                }
            }
            if i == 9 || i == 15 { println!(); }
        }
        println!();
    }
}

#[test]
fn explore_idle() {
    let held = Busy::Held(Nanos::from_micros(1000), Nanos::from_micros(1500));
    for (busy, n, measured) in [(Busy::Python,1,5.28),(Busy::Python,2,11.05),(Busy::Python,3,14.19),(Busy::Python,4,18.88),(held,1,6.13),(held,2,3.67),(held,4,14.26)] {
        if let Ok(only) = std::env::var("ONLY") { if only != format!("{busy:?}{n}") { continue; } }
        let mut p = program(2, n, 5000, busy);
        p.runs_for = Nanos::from_secs(40);
        let naps = p.naps(Nanos::from_millis(20));
        let mean = naps.iter().map(|n| n.0).sum::<u64>() as f64 / naps.len() as f64 / 1e6;
        println!("idle {busy:?} {n}: {mean:.2}/{measured} p50 {} p95 {}", naps[naps.len()/2], naps[naps.len()*95/100]);
    }
    for (n, i, measured) in [(0,5000,16599.0),(1,5000,226.5),(2,5000,60.6),(4,5000,42.7),(1,500,2611.0),(4,500,328.7)] {
        println!("echo {n} {i}: {:.1}/{measured}", program(2, n, i, Busy::Python).echoes_per_second());
    }
}
