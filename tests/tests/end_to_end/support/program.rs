//! The real programs, as they are installed.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::DEADLINE;

/// A running program. Killed when dropped; what it says goes to a log file that a failing test shows.
pub struct Program {
    child: Child,
    log: PathBuf,
}

/// Another build profile than the test's own, whose programs are to be run.
pub static PROFILE: OnceLock<&str> = OnceLock::new();

/// Where `cargo test --workspace` put the program of this name; a bench takes what is shipped.
///
/// # Panics
/// If it was not built: tests of one package alone build no other package's programs.
pub fn path(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let directory = tests.parent().and_then(Path::parent).unwrap();
    let profile = PROFILE
        .get()
        .map_or_else(|| directory.to_owned(), |profile| directory.with_file_name(profile));
    let program = profile.join(name);
    assert!(
        program.exists(),
        "{} is missing: build it with `cargo test --workspace --no-run` or `cargo build --profile dist --workspace`",
        program.display()
    );
    program
}

impl Program {
    /// Starts `name` with `arguments`; its output goes to the end of `log`.
    pub fn start(name: &str, arguments: &[&str], log: &Path) -> Self {
        Self::start_with(name, arguments, log, &[])
    }

    /// Starts `name` with something in its environment.
    pub fn start_with(name: &str, arguments: &[&str], log: &Path, environment: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(path(name));
        command.args(arguments).envs(environment.iter().copied());
        Self::spawn(command, log)
    }

    /// Starts `name` under `strace` with `options`, as an immediate child all the same.
    pub fn start_traced(name: &str, arguments: &[&str], log: &Path, options: &[&str]) -> Self {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-o", "/dev/null"]).args(options);
        command.arg(path(name)).args(arguments);
        Self::spawn(command, log)
    }

    fn spawn(mut command: Command, log: &Path) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it stand still, as a machine that has no time for it would.
    pub fn pause(&self) {
        self.send(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.send(Signal::CONT);
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub fn terminate(self) -> ExitStatus {
        self.send(Signal::TERM);
        self.wait()
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn wait(mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it does not end; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything it has said, and what earlier programs with the same log said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.log());
        }
    }
}
