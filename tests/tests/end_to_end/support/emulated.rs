//! The scanner on an emulated processor, at the kiosk's port.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use scan_model::Metric;
use scansim::{EmulatedScanner, Firmware, FirmwareError, Report};

use super::{DEADLINE, kiosk::World, skip};

/// A scanner that is switched on and not plugged in yet; `None`, with the reason printed, where a program is missing.
pub async fn scanner(world: &World) -> Option<EmulatedScanner> {
    let folder = world.data_dir().with_file_name("board");
    std::fs::create_dir(&folder).unwrap();
    let mut scanner = EmulatedScanner::new(firmware()?, folder, world.port());
    scanner.power_on().await.unwrap();
    Some(scanner)
}

/// Built once for all tests.
fn firmware() -> Option<Firmware> {
    static FIRMWARE: OnceLock<Result<Firmware, FirmwareError>> = OnceLock::new();
    match FIRMWARE.get_or_init(Firmware::build) {
        Ok(firmware) => Some(firmware.clone()),
        Err(error) => {
            assert!(error.is_missing_part(), "{error}");
            skip(&error.to_string());
            None
        }
    }
}

/// Somebody steps on and is measured to the end; the [`values`] of it.
pub async fn measure(scanner: &mut EmulatedScanner) -> BTreeMap<String, String> {
    let before = scanner.report().await.unwrap().results;
    scanner.say("step on").await.unwrap();
    until(scanner, "a result", |report| report.results > before).await;
    values(scanner).await
}

/// Milliseconds after somebody stepped on at which a scan has got well into each of its stages, and then to its end.
const INTO_MEASURING: u32 = 1300;
const INTO_CALCULATING: u32 = 3290;
const AT_THE_END: u32 = 3300;

/// A scan that stands still until it is told to go on: however slow this machine is, every stage is seen.
pub struct Stepped<'a> {
    scanner: &'a mut EmulatedScanner,
    elapsed: u32,
}

impl<'a> Stepped<'a> {
    /// Somebody steps on, and is being weighed.
    pub async fn begin(scanner: &'a mut EmulatedScanner) -> Self {
        for line in ["go 0", "step on"] {
            scanner.say(line).await.unwrap();
        }
        Self { scanner, elapsed: 0 }
    }

    /// Goes on to the measurement of the impedances.
    pub async fn measuring(&mut self) {
        self.go_to(INTO_MEASURING).await;
    }

    /// Goes on to the computing of the values.
    pub async fn calculating(&mut self) {
        self.go_to(INTO_CALCULATING).await;
    }

    /// Lets the person step off before the end, and scans take their time by themselves again.
    pub async fn step_off(self) {
        self.scanner.say("step off").await.unwrap();
        self.scanner.say(FREE).await.unwrap();
    }

    /// Goes on to the result; the [`values`] of it.
    pub async fn finish(mut self) -> BTreeMap<String, String> {
        let before = self.scanner.report().await.unwrap().results;
        self.go_to(AT_THE_END).await;
        until(self.scanner, "a result", |report| report.results > before).await;
        self.scanner.say(FREE).await.unwrap();
        values(self.scanner).await
    }

    async fn go_to(&mut self, elapsed: u32) {
        let time = elapsed - self.elapsed;
        self.elapsed = elapsed;
        self.scanner.say(&format!("go {time}")).await.unwrap();
    }
}

/// Longer than any test: scans take their time by themselves.
const FREE: &str = "go 600000";

/// What the scanner says it measured last, by REST name.
pub async fn values(scanner: &mut EmulatedScanner) -> BTreeMap<String, String> {
    let values = scanner.values().await.unwrap();
    let rest_name = |name: &str| name.parse::<Metric>().unwrap().rest_name();
    values
        .iter()
        .map(|(name, value)| (rest_name(name), value.clone()))
        .collect()
}

/// Waits until the scanner stands as `wanted`.
pub async fn until(scanner: &mut EmulatedScanner, what: &str, mut wanted: impl FnMut(Report) -> bool) {
    let start = Instant::now();
    loop {
        let report = scanner.report().await.unwrap();
        if wanted(report) {
            return;
        }
        assert!(
            start.elapsed() < DEADLINE,
            "not within {DEADLINE:?}: {what}; {report:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a program can be killed at a system call of one's choice here.
pub fn strace_works() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        skip("strace is missing or may not trace");
    }
    works
}
