//! The program: what `main` does.

use std::convert::Infallible;

use agent_config::{Config, LoadError};
use clap::Parser as _;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::{
    Agent, SHUTDOWN_DEADLINE, check,
    cli::{Cli, Command},
    exit::Exit,
    logging, report, service_manager,
    signals::StopSignals,
};

/// Runs the program that the command line asks for.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody to complain to if this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    if let Err(error) = logging::start(cli.common.log.as_deref().unwrap_or(cli.command.default_log())) {
        report::complain(
            &error,
            "give `--log` a level such as `info`, or levels by room such as `warn,uploader=debug`",
        );
        return Exit::Usage;
    }
    let config = match Config::load(&cli.common.config) {
        Ok(config) => config,
        Err(error) => {
            let next = match &error {
                LoadError::Read { .. } => {
                    "name the file by `--config`, or make it from the sample `config/scanbridge.toml`"
                }
                LoadError::Invalid { .. } => "correct the file, then try `scanbridge check`; nothing was opened",
            };
            report::complain(&error, next);
            return Exit::Config;
        }
    };
    // An error means that there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // One thread: the work is waiting, and a second one costs memory.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_run(&error),
    };
    let exit = match cli.command {
        Command::Run => runtime.block_on(work(config)),
        Command::Check => runtime.block_on(check::check(&config, &cli.common.config)),
    };
    // A port that hangs while being opened must not hold up the end.
    runtime.shutdown_background();
    exit
}

async fn work(config: Config) -> Exit {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    // First, so that a signal during the start ends in an orderly stop.
    let signals = match StopSignals::listen() {
        Ok(signals) => signals,
        Err(error) => return cannot_run(&error),
    };
    let agent = match Agent::open(config).await {
        Ok(agent) => agent,
        Err(error) => {
            report::complain(&error, error.next_step());
            return error.exit();
        }
    };
    let stop = CancellationToken::new();
    let late = tokio::select! {
        late = agent.run(stop.clone(), SHUTDOWN_DEADLINE, service_manager::ready) => late,
        never = pass_on(signals, &stop) => match never {},
        never = service_manager::keep_alive() => match never {},
    };
    if late.is_empty() { Exit::Ok } else { Exit::Unfinished }
}

/// Passes the system's wish to stop on to the agent. Never returns: the agent's own end ends the program.
async fn pass_on(mut signals: StopSignals, stop: &CancellationToken) -> Infallible {
    loop {
        let signal = signals.next().await;
        tracing::info!(signal, "asked to stop");
        service_manager::stopping();
        stop.cancel();
    }
}

fn cannot_run(error: &std::io::Error) -> Exit {
    report::complain(
        error,
        "the system refuses threads, timers or signals; is it out of memory or file handles?",
    );
    Exit::System
}
