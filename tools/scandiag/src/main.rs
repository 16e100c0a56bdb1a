//! The technicians' tool. Answers go to stdout, talk goes to stderr; `--json` gives answers to programs.

mod cli;
mod decode;
mod exit;
mod hints;
mod identify;
mod output;
mod place;
mod ports;
mod sniff;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::of_command_line();
    let outcome = match &cli.command {
        cli::Command::Ports(arguments) => ports::run(arguments),
        cli::Command::Identify(arguments) => identify::run(arguments),
        cli::Command::Sniff(arguments) => sniff::run(arguments),
        cli::Command::Decode(arguments) => decode::run(arguments),
    };
    match outcome {
        Ok(code) => code.into(),
        // `scandiag … | head` has seen enough.
        Err(error) if output::is_closed(error.as_ref()) => exit::Code::Ok.into(),
        Err(error) => {
            output::error(error.as_ref());
            exit::Code::Failed.into()
        }
    }
}
