//! A first look at the whole system: broker, hub, a simulated scanner and the agent in one process.

use std::process::ExitCode;

#[cfg(unix)]
mod broker;
#[cfg(unix)]
mod dashboard;
#[cfg(unix)]
mod playlist;
#[cfg(unix)]
mod show;
#[cfg(unix)]
mod stage;
#[cfg(unix)]
mod verdict;

#[cfg(unix)]
fn main() -> ExitCode {
    show::main()
}

#[cfg(not(unix))]
#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn main() -> ExitCode {
    eprintln!(
        "the demo needs pseudo-terminals and runs on Linux and macOS; on Windows try `scansim --tcp` with `scanbridge`"
    );
    ExitCode::FAILURE
}
