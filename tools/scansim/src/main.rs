//! `scansim`: a scanner on a pseudo-terminal or a TCP port, from the command line.

mod link_command;
mod pc_arguments;

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write as _};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use err_report::Report;
use link_command::LinkArguments;
use pc_arguments::PcArguments;
use scansim::scan_link::{LinkError, StateError};
use scansim::tanita_pc::{PcScanner, Said};
use scansim::{Capture, CaptureError, Fault, FaultPlan, Line, LineError, Pace, Player, Scale, Shown, weighing};

/// Everything was played, or a signal asked to stop.
const EXIT_OK: u8 = 0;
/// The line failed while playing, or another need was not met.
const EXIT_LINE_FAILED: u8 = 1;
/// The capture cannot be read or holds no record, or the state file cannot be used.
const EXIT_NO_CAPTURE: u8 = 3;
/// The port or the TCP address cannot be made.
const EXIT_NO_LINE: u8 = 4;
/// Stopped while the bridge had not confirmed every result.
const EXIT_UNCONFIRMED: u8 = 5;

/// A scanner made of software, on a pseudo-terminal or a TCP port: plays captured records, or is a scale, a Tanita that obeys a host,
/// or a scanner that speaks scan-link.
#[derive(Debug, Parser)]
#[command(
    version,
    group(ArgGroup::new("line").required(true)),
    group(ArgGroup::new("source").required(true)),
    after_help = "\
Faults: noise (random bytes before a record), cut (a record stops early), flip (one bit inverted), stall (silence in
the middle), duplicate (sent twice), parity (seven bits with even parity), unplug (the port vanishes in the middle of a record and comes back later).

Acts at a Tanita in PC mode: steps-on, too-early (E3), overload (E1), bad-contact and steps-off (E2), lifts (E9),
wrong-data and wrong-data-once (E7), never-comes, stays-on, somebody-else (the result bears another number),
damaged-result (a digit), internal-fault (E0), forgets-data (E4, once), memory-fault (E8). It runs until it is stopped. A fault befalls one
of its lines in ten unless --fault-one-in says otherwise.

With --scan-link so many people as --repeat says step on, --gap after each other, and bring published values. A fault befalls one
frame in ten unless --fault-one-in says otherwise; the line runs at 115200 unless --baud does. It ends when the bridge has confirmed
every result as stored.

The name of the port or the address is printed on stdout once it can be opened; the rest of the talk goes to stderr.

Exit codes: 0 everything played, or stopped by SIGINT or SIGTERM; 1 the line failed while playing; 2 wrong usage;
3 the capture cannot be read or holds no record, or the state file cannot be used; 4 the port or the TCP address cannot be made;
5 stopped while the bridge had not confirmed every result of scan-link."
)]
struct Arguments {
    /// Makes a pseudo-terminal and this symbolic link to its port
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", group = "line")]
    port_link: Option<PathBuf>,

    /// Listens on this address instead and sends to whoever connects
    #[arg(long, value_name = "ADDR", group = "line")]
    tcp: Option<String>,

    /// Capture to play: raw bytes, each line is one record
    #[arg(long, value_name = "FILE", group = "source")]
    play: Option<PathBuf>,

    /// Is a scale instead, on which somebody steps on and off: wb-100 (answers when asked), bc-418, and, toledo
    #[arg(long, value_name = "MODEL", group = "source")]
    scale: Option<Scale>,

    #[command(flatten)]
    pc: PcArguments,

    #[command(flatten)]
    link: LinkArguments,

    /// Of --tanita-pc and --scan-link: everything at the platform happens so many times as fast
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    tempo: u32,

    /// What the somebody weighs, in tenths of a kilogram; a scale says of more than 2000 that it is too much
    #[arg(long, value_name = "TENTHS", default_value_t = 705)]
    weight: u32,

    /// Bits per second, ten to the byte; 0 sends as fast as the system takes it [default: 9600, of --scan-link 115200]
    #[arg(long)]
    baud: Option<u32>,

    /// Silence after each record, or from one person to the next
    #[arg(long, default_value = "2s", value_name = "TIME")]
    gap: humantime::Duration,

    /// How often the capture is played, or how many people step on: a number, or `forever`
    #[arg(long, default_value = "1", value_name = "N|forever")]
    repeat: Repeat,

    /// A way to misbehave, see below; may be given several times, each record then suffers one of them
    #[arg(long, value_name = "KIND")]
    fault: Vec<Fault>,

    /// Strikes one record in N on average [default: 1; 10 of the frames of --scan-link and of the lines of --tanita-pc]
    #[arg(long, value_name = "N")]
    fault_one_in: Option<NonZeroU32>,

    /// How long a stall lasts
    #[arg(long, default_value = "2s", value_name = "TIME")]
    stall: humantime::Duration,

    /// How long an unplugged port stays away
    #[arg(long, default_value = "3s", value_name = "TIME")]
    unplugged: humantime::Duration,

    /// Same seed, same faults
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Scales send about ten lines a second.
const LINE_GAP: Duration = Duration::from_millis(80);
/// Hosts ask twice a second.
const REQUESTS: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
enum Repeat {
    Times(NonZeroU64),
    Forever,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Capture(CaptureError),
    #[error(transparent)]
    MakeLine(LineError),
    #[error(transparent)]
    Play(LineError),
    #[error(transparent)]
    State(StateError),
    #[error("stopped while {0} results were not confirmed as stored")]
    Unconfirmed(usize),
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("cannot write to the standard output")]
    Output(#[source] io::Error),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::Start(error)),
    };
    let waiting = Cell::new(0);
    let result = runtime.block_on(async {
        let stop = stop_requested().map_err(Failure::Start)?;
        tokio::select! {
            result = run(&arguments, &waiting) => result,
            () = stop => match waiting.get() {
                0 => Ok(()),
                results => Err(Failure::Unconfirmed(results)),
            },
        }
    });
    match result {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(failure) => report(&failure),
    }
}

/// `waiting` says at any time how many results no bridge has confirmed.
async fn run(arguments: &Arguments, waiting: &Cell<usize>) -> Result<(), Failure> {
    let records = match &arguments.play {
        Some(capture) => Capture::load(capture).map_err(Failure::Capture)?.records().to_vec(),
        None => Vec::new(),
    };
    let store = match arguments.link.scan_link {
        true => Some(arguments.link.store().map_err(Failure::State)?),
        false => None,
    };
    let line = make_line(arguments).await.map_err(Failure::MakeLine)?;
    writeln!(io::stdout(), "{}", line.name()).map_err(Failure::Output)?;

    let device = arguments.pc.device(arguments.weight, arguments.tempo);
    let usual_baud = if store.is_some() { link_command::BAUD } else { 9600 };
    // Most lines of a conversation must arrive whole, or it comes to nothing.
    let is_conversation = store.is_some() || device.is_some();
    let usual_one_in = if is_conversation { link_command::FAULT_ONE_IN } else { 1 };
    let baud = arguments.baud.unwrap_or(usual_baud);
    let pace = NonZeroU32::new(baud).map_or(Pace::Unlimited, Pace::Baud);
    let faults = FaultPlan::new(&arguments.fault, arguments.seed)
        .one_in(arguments.fault_one_in.map_or(usual_one_in, NonZeroU32::get))
        .stall(arguments.stall.into())
        .unplugged(arguments.unplugged.into());
    let mut player = Player::new(line, pace).with_faults(faults);
    if let Some(scale) = arguments.scale {
        return weigh(scale, &mut player, arguments).await;
    }
    if let Some(device) = device {
        return obey(PcScanner::new(player, device)).await;
    }
    if let Some(store) = store {
        let people = arguments.repeat.rounds();
        // Without a pace there is no speed to compute the waits from.
        let baud = if baud == 0 { link_command::BAUD } else { baud };
        let settings = arguments
            .link
            .settings(baud, people, arguments.gap.into(), arguments.tempo);
        return Ok(link_command::live(player, store, &settings, waiting).await?);
    }

    for round in 0..arguments.repeat.rounds() {
        for (index, record) in records.iter().enumerate() {
            let played = player.play(record).await.map_err(Failure::Play)?;
            say(format_args!(
                "round {}, record {}: {} bytes{}",
                round + 1,
                index + 1,
                record.len(),
                befallen_by(played.fault)
            ));
            tokio::time::sleep(arguments.gap.into()).await;
        }
    }
    Ok(())
}

/// Obeys a host for ever.
async fn obey(mut scanner: PcScanner) -> Result<(), Failure> {
    let mut complained = 0;
    loop {
        match scanner.step().await.map_err(Failure::Play)? {
            Said::Line(line, fault) => say(format_args!("sent {line}{}", befallen_by(fault))),
            Said::Result(length, fault) => {
                say(format_args!("sent a result of {length} bytes{}", befallen_by(fault)));
            }
        }
        for violation in &scanner.device().violations()[complained..] {
            say(format_args!("the host breaks the rules: {violation:?}"));
        }
        complained = scanner.device().violations().len();
    }
}

/// Shows what a scale shows until everybody was weighed. Between two people it stands empty for as long as the gap is.
async fn weigh(scale: Scale, player: &mut Player, arguments: &Arguments) -> Result<(), Failure> {
    let each = if scale.is_polled() { REQUESTS } else { LINE_GAP };
    let empty = Duration::from(arguments.gap).as_millis() / each.as_millis();
    for round in 0..arguments.repeat.rounds() {
        for _ in 0..if round > 0 { empty } else { 0 } {
            show(scale, player, &[Shown::EMPTY]).await?;
        }
        say(format_args!("round {}: somebody steps on the scale", round + 1));
        show(scale, player, &weighing(arguments.weight)).await?;
    }
    Ok(())
}

/// Sends `course` to the host, or answers its requests with it.
async fn show(scale: Scale, player: &mut Player, course: &[Shown]) -> Result<(), Failure> {
    if scale.is_polled() {
        return scale.answer(player, course).await.map_err(Failure::Play);
    }
    for &shown in course {
        let played = player.play(&scale.line(shown)).await.map_err(Failure::Play)?;
        if let Some(fault) = played.fault {
            say(format_args!("fault: {fault}"));
        }
        tokio::time::sleep(LINE_GAP).await;
    }
    Ok(())
}

fn befallen_by(fault: Option<Fault>) -> String {
    fault.map_or_else(String::new, |fault| format!(", fault: {fault}"))
}

async fn make_line(arguments: &Arguments) -> Result<Line, LineError> {
    #[cfg(unix)]
    if let Some(link) = &arguments.port_link {
        return Line::pty(link);
    }
    // The argument group guarantees one of the two.
    Line::tcp(arguments.tcp.as_deref().unwrap_or_default()).await
}

/// A future that resolves when the process is asked to end; dropping the line then removes the port link. Requests count
/// from this call on, before anything is announced.
#[cfg(unix)]
fn stop_requested() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A future that resolves at Ctrl-C, which counts from this call on.
#[cfg(windows)]
fn stop_requested() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn report(failure: &Failure) -> ExitCode {
    say(format_args!("scansim: {}", Report::new(failure)));
    ExitCode::from(failure.exit_code())
}

fn say(text: fmt::Arguments<'_>) {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Capture(_) | Self::State(_) => EXIT_NO_CAPTURE,
            Self::Unconfirmed(_) => EXIT_UNCONFIRMED,
            Self::MakeLine(_) => EXIT_NO_LINE,
            Self::Play(_) | Self::Start(_) | Self::Output(_) => EXIT_LINE_FAILED,
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Line(error) => Self::Play(error),
            LinkError::State(error) => Self::State(error),
        }
    }
}

impl Repeat {
    fn rounds(self) -> u64 {
        match self {
            Self::Times(times) => times.get(),
            Self::Forever => u64::MAX,
        }
    }
}

impl FromStr for Repeat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "forever" {
            return Ok(Self::Forever);
        }
        text.parse()
            .map(Self::Times)
            .map_err(|_| "neither a number above 0 nor `forever`".to_owned())
    }
}
