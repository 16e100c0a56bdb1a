//! `scanhub`: the companion server. See `scanhub --help`.

use std::{io::IsTerminal as _, process::ExitCode};

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let cli = scanhub::cli::Cli::parse();
    // The MQTT client tells at length what the hub says in one line.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,mqtt5=off,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // Only the first call in a process can fail, and this is it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    scanhub::cli::run(cli).await
}
