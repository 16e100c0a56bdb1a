//! The demo: `cargo run --release`, and behind `--` `--once` or `--firmware`.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    scanbridge_demo::main()
}

#[cfg(not(unix))]
#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn main() -> ExitCode {
    eprintln!(
        "the demo needs pseudo-terminals and runs on Linux and macOS; on Windows try `scansim --tcp` with `scanbridge`"
    );
    ExitCode::FAILURE
}
