//! `gilsim calibrate`: measures the costs of this host under an interpreter, and writes a profile.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{DONE, FAILED, interruption, progress_bar};
use crate::host::{Calibration, Effort, Interpreter, Progress, calibrate};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Measure with this interpreter: CPython 3.9 or newer
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// Write the profile into this file
    #[arg(
        short,
        long,
        alias = "output",
        value_name = "FILE",
        default_value = "profile.toml"
    )]
    out: PathBuf,
    /// Take 20 s instead of 90 s, with fewer samples
    #[arg(long)]
    quick: bool,
    /// Write the profile even if the host was too noisy to trust it; the profile says so
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  gilsim calibrate -o scenarios/here.toml
  gilsim run my-program.toml --set machine.profile=here.toml";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    // An output that cannot be written is reported now, not after a minute of measuring.
    let file = beside(&arguments.out)?;
    let interpreter = Interpreter::at(&arguments.python)?;
    let interrupted = interruption()?;
    let effort = if arguments.quick {
        Effort::Quick
    } else {
        Effort::Full
    };
    let calibration = with_bar(|progress| calibrate(&interpreter, effort, &interrupted, progress))?;
    say(&calibration);
    let complaints = calibration.complaints();
    if !complaints.is_empty() && !arguments.force {
        refuse("the measurements are too unstable to use", &complaints);
        eprintln!("nothing is written; run it again on a quiet host, or use --force");
        return Ok(FAILED);
    }
    let text = calibration.profile()?;
    save(file, &arguments.out, &text)?;
    eprintln!(
        "{} fields are in {}; to use them, set `profile` in the scenario's [machine] to its path from the scenario's folder",
        calibration.fields(),
        arguments.out.display()
    );
    Ok(DONE)
}

fn say(calibration: &Calibration) {
    let noise = calibration.noise();
    let (first, rest) = noise.split_at(1);
    eprintln!("{}{rest}", first.to_uppercase());
    warn_of_skipped(calibration);
}

/// Runs probes, with a progress bar on a terminal.
pub(super) fn with_bar<T>(run: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = progress_bar(0, "probes");
    let result = run(&mut |progress| match progress {
        Progress::Begun(probes) => bar.set_length(probes),
        Progress::Done => bar.inc(1),
    });
    bar.finish_and_clear();
    result
}

/// Reports why a calibration cannot be trusted.
pub(super) fn refuse(why: &str, complaints: &[String]) {
    eprintln!("error: {why}:");
    for complaint in complaints {
        eprintln!("  {complaint}");
    }
}

/// Warns of each probe that failed.
pub(super) fn warn_of_skipped(calibration: &Calibration) {
    for (probe, why) in calibration.skipped() {
        eprintln!("warning: the probe {probe} failed and is skipped: {why}");
    }
}

/// A temporary file beside the output, which is moved into its place once it is complete. It is deleted when dropped.
fn beside(output: &Path) -> anyhow::Result<NamedTempFile> {
    let cannot = || format!("cannot write {}", output.display());
    if output.is_dir() {
        anyhow::bail!("{}: it is a folder; name a file with --out", cannot());
    }
    if output.exists() && !output.is_file() {
        anyhow::bail!(
            "{}: it is not a regular file; name another one with --out",
            cannot()
        );
    }
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut options = tempfile::Builder::new();
    options.prefix(".gilsim-");
    // The permissions of any new file; a temporary one has stricter ones by default.
    #[cfg(unix)]
    options.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    options
        .tempfile_in(folder)
        .map_err(|error| anyhow::anyhow!("{}: {error}", cannot()))
}

fn save(mut file: NamedTempFile, output: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = |error: std::io::Error| anyhow::anyhow!("cannot write {}: {error}", output.display());
    file.write_all(text.as_bytes()).map_err(cannot)?;
    file.persist(output).map_err(|error| cannot(error.error))?;
    Ok(())
}
