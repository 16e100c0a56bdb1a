//! `scanbridge`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    scanbridge::main().into()
}
