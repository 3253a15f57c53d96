//! The Python side, as files that an interpreter can read: a spawned worker imports the main module from its file.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The files that measure a scenario, by name.
const MEASURING: [(&str, &str); 21] = [
    ("main.py", include_str!("python/main.py")),
    ("work.py", include_str!("python/work.py")),
    ("program.py", include_str!("python/program.py")),
    ("shared.py", include_str!("python/shared.py")),
    ("segments.py", include_str!("python/segments.py")),
    ("payloads.py", include_str!("python/payloads.py")),
    ("calibration.py", include_str!("python/calibration.py")),
    ("graph.py", include_str!("python/graph.py")),
    ("items.py", include_str!("python/items.py")),
    ("executors.py", include_str!("python/executors.py")),
    ("consumers.py", include_str!("python/consumers.py")),
    ("clients.py", include_str!("python/clients.py")),
    ("server.py", include_str!("python/server.py")),
    ("machines.py", include_str!("python/machines.py")),
    ("event_loop.py", include_str!("python/event_loop.py")),
    ("loop_per_thread.py", include_str!("python/loop_per_thread.py")),
    ("bytecode.py", include_str!("python/bytecode.py")),
    ("session.py", include_str!("python/session.py")),
    ("quiet.py", include_str!("python/quiet.py")),
    ("affinity.py", include_str!("python/affinity.py")),
    ("orphan.py", include_str!("python/orphan.py")),
];

/// The files that calibrate a profile.
const CALIBRATING: [(&str, &str); 24] = [
    ("main.py", include_str!("python/calibrate/main.py")),
    ("calibrate.py", include_str!("python/calibrate/calibrate.py")),
    ("sampling.py", include_str!("python/calibrate/sampling.py")),
    ("host.py", include_str!("python/calibrate/host.py")),
    ("target.py", include_str!("python/calibrate/target.py")),
    ("piping.py", include_str!("python/calibrate/piping.py")),
    ("waking.py", include_str!("python/calibrate/waking.py")),
    ("placing.py", include_str!("python/calibrate/placing.py")),
    ("pickling.py", include_str!("python/calibrate/pickling.py")),
    ("locking.py", include_str!("python/calibrate/locking.py")),
    ("threads.py", include_str!("python/calibrate/threads.py")),
    ("caches.py", include_str!("python/calibrate/caches.py")),
    ("servers.py", include_str!("python/calibrate/servers.py")),
    ("processes.py", include_str!("python/calibrate/processes.py")),
    ("threadpool.py", include_str!("python/calibrate/threadpool.py")),
    ("processpool.py", include_str!("python/calibrate/processpool.py")),
    ("pools.py", include_str!("python/calibrate/pools.py")),
    ("speed.py", include_str!("python/calibrate/speed.py")),
    (
        "subinterpreters.py",
        include_str!("python/calibrate/subinterpreters.py"),
    ),
    ("payloads.py", include_str!("python/payloads.py")),
    ("work.py", include_str!("python/work.py")),
    ("quiet.py", include_str!("python/quiet.py")),
    ("affinity.py", include_str!("python/affinity.py")),
    ("orphan.py", include_str!("python/orphan.py")),
];

/// A folder with the files of the Python side. It is removed when this value is dropped.
pub struct Scripts {
    folder: TempDir,
}

impl Scripts {
    /// Writes the files that measure a scenario.
    pub fn write() -> io::Result<Self> {
        Self::of(&MEASURING)
    }

    /// Writes the files that calibrate a profile.
    pub fn for_calibration() -> io::Result<Self> {
        Self::of(&CALIBRATING)
    }

    fn of(files: &[(&str, &str)]) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("gilsim-").tempdir()?;
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { folder })
    }

    /// The path of a file in this folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `python main.py`, without the user's Python settings, and with only the packages of the interpreter itself.
    pub fn command(&self, interpreter: &Path) -> Command {
        self.command_of("main.py", interpreter)
    }

    /// The same with another script.
    pub fn command_of(&self, script: &str, interpreter: &Path) -> Command {
        let mut command = Command::new(interpreter);
        without_python_variables(&mut command);
        command
            .arg(self.path(script))
            // The files that multiprocessing leaves behind when it is killed are removed with the folder.
            .env("TMPDIR", self.folder.path())
            // For subinterpreters, which do not inherit the folder of the main module.
            .env("PYTHONPATH", self.folder.path())
            .env("GILSIM_PROGRAM", self.path("program.marshal"));
        command
    }
}

/// Settings that the user has made for other programs must not change the measurement.
pub fn without_python_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
}
