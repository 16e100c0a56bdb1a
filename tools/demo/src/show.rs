//! The demo itself: what is played, what is shown, how it ends.

use std::{error::Error, num::NonZeroU32, process::ExitCode, time::Duration};

use clap::Parser;
use scansim::{Pace, Player};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    dashboard::{Dashboard, Screen},
    playlist::{Track, playlist},
    stage::Stage,
    verdict::Verdict,
};

/// Shows the whole system at work on records published for real scanners: an MQTT broker, the hub with its live page, a simulated scanner
/// on a pseudo-terminal, and the agent.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 stopped, or everything as published; 1 something differs, does not start, or --once was stopped before its verdict; 2 wrong usage."
)]
struct Arguments {
    /// Play every record once, compare what the hub holds with the published values, print a table, exit
    #[arg(long)]
    once: bool,
    /// Speed of the simulated serial line
    #[arg(long, default_value = "9600", value_name = "BAUD")]
    baud: NonZeroU32,
}

/// Between two people.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two records when nobody watches. Shorter than a device needs; long enough that a bar is seen.
const SHORT_PAUSE: Duration = Duration::from_millis(50);

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
    let (stage, mut scanner) = Stage::start(Pace::Baud(arguments.baud)).await?;
    let mut dashboard = Dashboard::connect(stage.broker()).await?;
    let mut screen = Screen::new();
    screen.line(&format!("\n  live page  http://{}/", stage.hub()));
    screen.line(&format!("  broker     mqtt://{}", stage.broker()));
    screen.line(&format!("  data       {}\n", stage.folder().display()));

    let tracks = playlist();
    let play = play(&mut scanner, &tracks, arguments.once);
    tokio::pin!(play);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stopped = loop {
        tokio::select! {
            message = dashboard.next() => match message {
                Some(message) => screen.show(&message),
                None => break true,
            },
            played = &mut play => {
                played?;
                break false;
            }
            _ = interrupt.recv() => break true,
            _ = terminate.recv() => break true,
        }
    };
    let verdict = if stopped {
        None
    } else {
        Some(judge(&stage, &tracks, &mut dashboard, &mut screen).await?)
    };
    dashboard.close().await;
    stage.stop().await;
    if let Some(verdict) = &verdict {
        print(&verdict.to_string());
    }
    Ok(verdict.map_or(!arguments.once, |verdict| verdict.is_good()))
}

/// Plays everything once, or again and again; then it never ends by itself.
async fn play(scanner: &mut Player, tracks: &[Track], once: bool) -> Result<(), scansim::LineError> {
    for track in tracks {
        scanner.play(&track.bytes).await?;
        tokio::time::sleep(if once { SHORT_PAUSE } else { PAUSE }).await;
    }
    if once {
        return Ok(());
    }
    for rounds in 1.. {
        for track in tracks {
            scanner.play(&track.again(rounds)).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// The verdict, while the screen goes on showing what is still under way.
async fn judge(
    stage: &Stage,
    tracks: &[Track],
    dashboard: &mut Dashboard,
    screen: &mut Screen,
) -> Result<Verdict, Box<dyn Error>> {
    let secret = stage.viewer_secret();
    let reached = Verdict::reach(tracks, stage.hub(), &secret);
    tokio::pin!(reached);
    loop {
        tokio::select! {
            verdict = &mut reached => return Ok(verdict?),
            Some(message) = dashboard.next() => screen.show(&message),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is the program's answer")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn complain(error: &dyn Error) {
    eprint!("the demo cannot go on: {error}");
    let mut cause = error.source();
    while let Some(deeper) = cause {
        eprint!(": {deeper}");
        cause = deeper.source();
    }
    eprintln!();
}
