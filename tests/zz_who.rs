mod common { pub mod locked; }
use std::path::Path;
use common::locked::{Busy, Program};
use gilsim::profile::Profile;
use gilsim::scenario::Version;
use gilsim::units::Nanos;
use gilsim::cpython::LockStep;
#[test]
fn who() {
    let profile = std::env::var("PROFILE").unwrap();
    for threads in [2, 3, 4] {
        let p = Program { profile: Profile::load(&profile, Path::new(".")).unwrap(), version: Version::release(3,11), cores: 2, threads, interval: Nanos::from_millis(5), busy: Busy::Python, runs_for: Nanos::from_secs(20) };
        let (steps, trace) = p.steps();
        println!("{threads}: {:?}", trace.figures);
        let mut m: Vec<(u64,u64,_)> = vec![]; let mut has = None;
        for s in &steps {
            match s.step {
                LockStep::Has => has = Some((s.at.0, s.thread)),
                LockStep::Releases | LockStep::ReleasesOnRequest => if let Some((at, t)) = has.take() {
                    match m.last_mut() { Some(l) if l.2 == t => l.1 = s.at.0, _ => m.push((at, s.at.0, t)) }
                },
                _ => {}
            }
        }
        let n = m.len();
        println!("{n} slices, mean {:.2} ms", 20e3 / n as f64);
        println!("ABA {:.3}", (2..n).filter(|&k| m[k].2 == m[k-2].2).count() as f64 / (n-2) as f64);
        let mut d = std::collections::BTreeMap::new();
        for s in &m { *d.entry((s.1 - s.0) / 1_000_000).or_insert(0) += 1; }
        println!("{d:?}");
        let mut last = std::collections::HashMap::new(); let mut away = vec![];
        for s in &m { if let Some(e) = last.insert(s.2, s.1) { away.push((s.0 - e) as f64 / 1e6); } }
        away.sort_by(f64::total_cmp);
        println!("away p50 {:.1} p90 {:.1} max {:.1}", away[away.len()/2], away[away.len()*9/10], away[away.len()-1]);
    }
}
