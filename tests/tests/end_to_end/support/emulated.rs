//! The scanner on an emulated processor, at the kiosk's port.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use scan_model::Metric;
use scansim::{EmulatedScanner, Firmware, FirmwareError, Report};

use super::{DEADLINE, kiosk::World};

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

fn skip(reason: &str) {
    let required = std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}");
    eprintln!("skipped: {reason}");
}
