//! The show of the firmware: people step on a scanner whose processor is emulated. The first one while the cable is out, since that
//! is what the link is made for: the result waits in the scanner's memory.

use std::{collections::BTreeMap, error::Error, fs, time::Duration};

use scan_model::Metric;
use scansim::{EmulatedScanner, EmulatorError, Firmware, Report};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{
    dashboard::{Lines, Tally},
    playlist::{Fate, Track},
    stage::{Attached, Stage},
    verdict::Verdict,
};

/// Who comes with `--once`: each weighs something else.
const PEOPLE: usize = 3;
/// Between two people when somebody watches.
const PAUSE: Duration = Duration::from_secs(3);
/// Longest time a measurement may take, and a result on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something takes longer than it ever should.
#[derive(Debug, thiserror::Error)]
#[error("no {0} within {PATIENCE:?}")]
struct TooLong(&'static str);

/// Lets three people step on and gives the verdict on their readings if it is for `once`, else lets them come again and again; then
/// it never ends by itself.
///
/// # Errors
/// The emulator or the agent does not start, a result does not arrive, or the hub cannot be asked.
pub(crate) async fn play(
    stage: &mut Stage,
    firmware: Firmware,
    lines: &Lines,
    mut tally: watch::Receiver<Tally>,
    once: bool,
) -> Result<Verdict, Box<dyn Error>> {
    let folder = stage.folder().join("board");
    fs::create_dir(&folder)?;
    let mut scanner = EmulatedScanner::new(firmware, folder, stage.port());
    scanner.power_on().await?;
    stage.start_agent(Attached::Firmware).await?;

    lines.print("  somebody steps on while the cable is out");
    step_on(&mut scanner).await?;
    let mut measured = vec![scanner.values().await?];
    let waiting = scanner.report().await?.waiting;
    lines.print(&format!(
        "  {waiting} result waits in the scanner's memory; the cable is plugged in"
    ));
    let plugged = Instant::now();
    scanner.plug()?;
    until(&mut tally, "stored result", |tally| tally.stored >= 1).await?;
    lines.print(&format!("  plug-in to stored {:>9}", seconds(plugged)));
    until(&mut tally, "reading in the hub", |tally| tally.uploaded >= 1).await?;

    while !once || measured.len() < PEOPLE {
        let before = tally.borrow_and_update().uploaded;
        let stepped_on = Instant::now();
        step_on(&mut scanner).await?;
        let scanning = seconds(stepped_on);
        until(&mut tally, "reading in the hub", |tally| tally.uploaded > before).await?;
        let all = seconds(stepped_on);
        lines.print(&format!(
            "  step-on to hub    {all:>9}, of which the scan took {scanning}"
        ));
        if once {
            measured.push(scanner.values().await?);
        } else {
            sleep(PAUSE).await;
        }
    }
    reports(&mut scanner, "confirmation at the scanner", |report| {
        report.waiting == 0
    })
    .await?;
    let tracks: Vec<_> = measured.into_iter().zip(1..).map(track).collect();
    Ok(Verdict::reach(&tracks, "measured", stage.hub(), &stage.viewer_secret()).await?)
}

/// Somebody steps on and is measured to the end.
async fn step_on(scanner: &mut EmulatedScanner) -> Result<(), Box<dyn Error>> {
    let before = scanner.report().await?.results;
    scanner.say("step on").await?;
    reports(scanner, "result of a scan", |report| report.results > before).await
}

/// Waits until the scanner reports what is wanted.
async fn reports(
    scanner: &mut EmulatedScanner,
    what: &'static str,
    wanted: impl Fn(Report) -> bool,
) -> Result<(), Box<dyn Error>> {
    let reported = async {
        while !wanted(scanner.report().await?) {
            sleep(Duration::from_millis(5)).await;
        }
        Ok::<_, EmulatorError>(())
    };
    Ok(timeout(PATIENCE, reported).await.map_err(|_| TooLong(what))??)
}

/// Waits until the dashboard has heard what is wanted.
async fn until(
    tally: &mut watch::Receiver<Tally>,
    what: &'static str,
    wanted: impl FnMut(&Tally) -> bool,
) -> Result<(), Box<dyn Error>> {
    timeout(PATIENCE, tally.wait_for(wanted))
        .await
        .map_err(|_| TooLong(what))??;
    Ok(())
}

/// What the hub has to hold because of these values, canonical names and digits.
fn track((values, number): (BTreeMap<String, String>, usize)) -> Track {
    let values = values.into_iter().map(|(name, value)| {
        let rest_name = name.parse().map_or(name, |metric: Metric| metric.rest_name());
        (rest_name, value)
    });
    Track {
        id: format!("person {number}"),
        model: "Cortex-M4".to_owned(),
        bytes: Vec::new(),
        fate: Fate::Reading(values.collect()),
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.2} s", since.elapsed().as_secs_f64())
}
