//! The demo itself: what is shown, and how it ends.

use std::{error::Error, future::Future, num::NonZeroU32, process::ExitCode};

use clap::Parser;
use err_report::Report;
use scansim::{Firmware, Pace};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    dashboard::{Dashboard, Screen},
    firmware, published,
    stage::Stage,
    verdict::Verdict,
};

/// Shows the whole system at work: an MQTT broker, the hub with its live page, a scanner, and the agent. The scanner is simulated on a
/// pseudo-terminal and sends records published for real ones, or it is the project's own firmware on an emulated processor.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 stopped, or everything as published or measured; 1 something differs, is not installed, does not start, or --once was stopped before its verdict; 2 wrong usage."
)]
struct Arguments {
    /// Play every record (with --firmware: measure three people) once, compare what the hub holds with the published (the measured)
    /// values, print a table, exit
    #[arg(long)]
    once: bool,
    /// The scanner is an emulated Cortex-M4 (needs qemu-system-arm and a compiler for it)
    #[arg(long, conflicts_with = "baud")]
    firmware: bool,
    /// Speed of the simulated serial line
    #[arg(long, default_value = "9600", value_name = "BAUD")]
    baud: NonZeroU32,
}

/// The program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The rooms' own words would drown what is shown; RUST_LOG brings them back.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // The first to install wins, and nobody was before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shown = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(show(&arguments)));
    match shown {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as it should be.
async fn show(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let firmware = if arguments.firmware {
        tell("building the firmware; the first time takes a minute");
        Some(tokio::task::spawn_blocking(Firmware::build).await??)
    } else {
        None
    };
    let mut stage = Stage::start().await?;
    let mut dashboard = Dashboard::connect(stage.broker()).await?;
    let mut screen = Screen::new();
    let lines = screen.lines();
    lines.print(&format!("\n  live page  http://{}/", stage.hub()));
    lines.print(&format!("  broker     mqtt://{}", stage.broker()));
    lines.print(&format!("  data       {}\n", stage.folder().display()));

    let (once, pace) = (arguments.once, Pace::Baud(arguments.baud));
    let verdict = match firmware {
        Some(firmware) => {
            let tally = screen.tally();
            let play = firmware::play(&mut stage, firmware, &lines, tally, once);
            follow(&mut dashboard, &mut screen, play).await?
        }
        None => follow(&mut dashboard, &mut screen, published::play(&mut stage, pace, once)).await?,
    };
    dashboard.close().await;
    stage.stop().await;
    if let Some(verdict) = &verdict {
        print(&verdict.to_string());
    }
    Ok(verdict.map_or(!once, |verdict| verdict.is_good()))
}

/// Shows what the broker tells until the play is over; `None` if somebody stopped it before.
async fn follow(
    dashboard: &mut Dashboard,
    screen: &mut Screen,
    play: impl Future<Output = Result<Verdict, Box<dyn Error>>>,
) -> Result<Option<Verdict>, Box<dyn Error>> {
    tokio::pin!(play);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    loop {
        tokio::select! {
            message = dashboard.next() => match message {
                Some(message) => screen.show(&message),
                None => return Ok(None),
            },
            verdict = &mut play => return Ok(Some(verdict?)),
            _ = interrupt.recv() => return Ok(None),
            _ = terminate.recv() => return Ok(None),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is the program's answer")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn tell(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn complain(error: &dyn Error) {
    eprintln!("the demo cannot go on: {}", Report::new(error));
}
