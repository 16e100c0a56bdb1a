//! A conversation of the two endpoints, as its scanner sees it.

use firmware_protocol::*;
use serde_json::{Value, json};

use super::hex;
use crate::sample;

/// One step of a conversation, from the scanner's point of view.
pub(super) enum Step {
    /// It sends these bytes.
    Sends(Vec<u8>),
    /// These bytes arrive.
    Arrives(Vec<u8>),
    /// Its firmware hears this from the link.
    Hears(String),
    /// Its firmware does this.
    Does(&'static str),
    /// Time passes until so many microseconds since its start.
    Waits(u64),
    /// So many of these are counted.
    Counts(&'static str, u32),
}

impl Step {
    /// The step in JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Sends(bytes) => json!({ "scanner_sends": hex(bytes) }),
            Self::Arrives(bytes) => json!({ "bridge_sends": hex(bytes) }),
            Self::Hears(event) => json!({ "firmware_hears": event }),
            Self::Does(action) => json!({ "firmware_does": action }),
            Self::Waits(now) => json!({ "time_passes_until_us": now }),
            Self::Counts(what, count) => json!({ "scanner_counts": { (*what): count } }),
        }
    }
}

/// Microseconds since the scanner's start, throughout.
pub(super) const NOW: u64 = 1_234_000;

/// A scanner with seed 7 and a bridge, from the first hello to a result that is stored and a scan that was asked for.
pub(super) fn conversation() -> Vec<Step> {
    let now = Instant::from_micros(NOW);
    let mut device = Device::new(sample::identity(7), RamStore::<2, 1200>::new(), LineConfig::new(7), now);
    let mut host = Host::new(LineConfig::new(9), now);
    let mut steps = Vec::new();
    let walk_up = ScanRef::WalkUp(1);
    let number = ResultNumber { boot: 7, number: 1 };

    talk(&mut steps, &mut device, &mut host);
    steps.push(Step::Does("report walk-up 1 weighing 40"));
    device
        .progress(Progress {
            scan: walk_up,
            stage: Stage::Weighing,
            percent: 40,
        })
        .unwrap();
    talk(&mut steps, &mut device, &mut host);
    steps.push(Step::Does("keep result 7-1"));
    device.store_mut().append(number, &conversation_record()).unwrap();
    talk(&mut steps, &mut device, &mut host);
    steps.push(Step::Does("end walk-up 1 with result 7-1"));
    device.ended(walk_up, Ending::Completed(number)).unwrap();
    talk(&mut steps, &mut device, &mut host);
    host.set_clock(Clock {
        unix_seconds: 1_750_000_000,
        offset_minutes: 60,
    })
    .unwrap();
    host.start(sample::start(9)).unwrap();
    talk(&mut steps, &mut device, &mut host);
    steps.push(Step::Does("log that the load cells are warm"));
    device.log(LogLevel::Info, "load cells warm").unwrap();
    steps.push(Step::Does("report zero point fault 17"));
    device.fault(Fault::ZeroPoint, 17).unwrap();
    talk(&mut steps, &mut device, &mut host);
    host.cancel(9).unwrap();
    talk(&mut steps, &mut device, &mut host);
    steps.push(Step::Does("end asked 9 as cancelled"));
    device.ended(ScanRef::Asked(9), Ending::Cancelled).unwrap();
    talk(&mut steps, &mut device, &mut host);
    steps
}

/// Three values and an impedance, and then enough impedances for a second part.
pub(super) fn conversation_record() -> Vec<u8> {
    let mut buffer = [0; 1200];
    let mut writer = RecordWriter::new(&mut buffer, &sample::header(ResultNumber { boot: 7, number: 1 })).unwrap();
    for (metric, tenths) in [
        (MetricId::BODY_WEIGHT, 805),
        (MetricId::FAT_PERCENTAGE, 240),
        (MetricId::PHASE_ANGLE, -61),
    ] {
        writer.value(metric, Decimal::new(tenths, 1)).unwrap();
    }
    for segment in &Segment::KNOWN[..5] {
        for frequency in &Frequency::KNOWN[..6] {
            let step = i32::from(10 * segment.code() + frequency.code());
            let (resistance, reactance) = (Decimal::new(3000 + step, 1), Decimal::new(-300 - step, 1));
            writer
                .impedance(Impedance {
                    segment: *segment,
                    frequency: *frequency,
                    resistance,
                    reactance,
                })
                .unwrap();
        }
    }
    writer.finish().to_vec()
}

/// What the firmware hears, in words.
pub(super) fn words_of(event: &DeviceEvent) -> String {
    match event {
        DeviceEvent::Connected { .. } => "connected".to_owned(),
        DeviceEvent::Disconnected(CloseReason::PeerRestarted) => "disconnected, the bridge started anew".to_owned(),
        DeviceEvent::Disconnected(reason) => panic!("{reason:?} is in no conversation"),
        DeviceEvent::Incompatible(versions) => format!("incompatible, the bridge speaks {versions}"),
        DeviceEvent::Stored(result) => format!("stored {result}"),
        DeviceEvent::SetClock(clock) => format!("clock {} {}", clock.unix_seconds, clock.offset_minutes),
        DeviceEvent::Start(start) => format!("start {} for subject {}", start.scan, start.subject.number),
        DeviceEvent::Cancel(scan) => format!("cancel {scan}"),
    }
}

fn talk(steps: &mut Vec<Step>, device: &mut Device<RamStore<2, 1200>>, host: &mut Host) {
    let now = Instant::from_micros(NOW);
    loop {
        let mut quiet = true;
        while let Some(frame) = device.poll_transmit(now) {
            quiet = false;
            steps.push(Step::Sends(frame.to_vec()));
            host.handle_bytes(now, frame);
            let mut stored = None;
            while let Some(event) = host.poll_event() {
                if let HostEvent::Result(received) = event {
                    stored = Some(received.key);
                }
            }
            if let Some(key) = stored {
                host.confirm_stored(key);
            }
        }
        while let Some(frame) = host.poll_transmit(now) {
            quiet = false;
            steps.push(Step::Arrives(frame.to_vec()));
            device.handle_bytes(now, frame);
            while let Some(event) = device.poll_event() {
                steps.push(Step::Hears(words_of(&event)));
            }
        }
        if quiet {
            return;
        }
    }
}
