//! The part of the command line that makes a scanner that speaks scan-link.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use firmware_protocol::{Ending, ScanRef};
use scansim::Player;
use scansim::scan_link::{Happened, LinkError, LinkScanner, LinkSettings, StateError, Store};

use crate::say;

/// Bits per second, unless something else is asked for.
pub(crate) const BAUD: u32 = 115_200;
/// One frame in so many suffers a fault, unless something else is asked for: with all of them damaged, no link ever opens.
pub(crate) const FAULT_ONE_IN: u32 = 10;

/// A scanner that speaks scan-link, instead of a capture.
#[derive(Debug, clap::Args)]
pub(crate) struct LinkArguments {
    /// Is a scanner that speaks scan-link: people step on, and each result is sent until the bridge has stored it
    #[arg(long, group = "source")]
    pub(crate) scan_link: bool,

    /// The scanner's memory: results that were not confirmed when it ended are sent at the next start with the same file
    #[arg(long, value_name = "FILE", requires = "scan_link")]
    state: Option<PathBuf>,

    /// Serial number of the scanner, 16 characters at most: what tells several of them apart
    #[arg(long, value_name = "TEXT", default_value = "SIM-0001", value_parser = serial)]
    device_serial: String,
}

fn serial(text: &str) -> Result<String, String> {
    if (1..=16).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("give 1 to 16 characters".to_owned())
    }
}

impl LinkArguments {
    /// The scanner's memory.
    pub(crate) fn store(&self) -> Result<Store, StateError> {
        match &self.state {
            Some(file) => Store::open(file),
            None => Ok(Store::volatile()),
        }
    }

    /// What the scanner is, and who comes.
    pub(crate) fn settings(&self, baud: u32, people: u64, gap: Duration, tempo: u32) -> LinkSettings {
        LinkSettings {
            serial: self.device_serial.clone(),
            baud,
            people,
            gap,
            tempo,
        }
    }
}

/// Lives until everybody came and the bridge has stored every result. `waiting` says at any time how many it has not.
pub(crate) async fn live(
    player: Player,
    store: Store,
    settings: &LinkSettings,
    waiting: &Cell<usize>,
) -> Result<(), LinkError> {
    waiting.set(store.waiting());
    if store.waiting() > 0 {
        say(format_args!(
            "{} results of earlier starts wait for their confirmation",
            store.waiting()
        ));
    }
    let mut scanner = LinkScanner::new(player, store, settings);
    while !scanner.is_done() {
        let happened = scanner.step().await?;
        waiting.set(scanner.waiting());
        tell(&happened);
    }
    say(format_args!("every result is confirmed as stored"));
    Ok(())
}

fn tell(happened: &Happened) {
    match happened {
        Happened::Connected => say(format_args!("a bridge is there")),
        Happened::Disconnected(reason) => say(format_args!("the bridge is gone: {reason}")),
        Happened::Progress(progress) => say(format_args!(
            "{}: {} {} %",
            name(progress.scan),
            progress.stage.word(),
            progress.percent
        )),
        Happened::Kept(scan, result) => say(format_args!(
            "{}: result {result} is kept until it is confirmed",
            name(*scan)
        )),
        Happened::Ended(scan, ending) => say(format_args!("{}: {}", name(*scan), why(*ending))),
        Happened::Stored(result) => say(format_args!("result {result} is confirmed as stored")),
        Happened::NoRoom => say(format_args!(
            "the next person waits: no room for another unconfirmed result"
        )),
        Happened::Fault(fault) => say(format_args!("fault: {fault}")),
    }
}

fn name(scan: ScanRef) -> String {
    match scan {
        ScanRef::WalkUp(number) => format!("person {number}"),
        ScanRef::Asked(number) => format!("scan {number} of the bridge"),
    }
}

fn why(ending: Ending) -> String {
    match ending {
        Ending::Completed(_) => "completed".to_owned(),
        Ending::Failed(fault) => format!("failed, {}", fault.word()),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::Refused(refusal) => format!("refused, {}", refusal.word()),
    }
}
