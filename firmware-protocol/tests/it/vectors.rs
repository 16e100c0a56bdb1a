//! Vectors for firmware authors in other languages, and the tables of the C interface: files that are compared with what the
//! crate does. A file that differs is a failure, and so is one that is missing, which is written.

use std::{fmt::Write as _, path::Path};

use firmware_protocol::{
    frame::{self, Frame, Hello, MAX_FRAME},
    *,
};
use serde_json::{Value, json};

use crate::sample;

/// Compares a file of the package with `expected`. Vectors of a published version never change: revert the code instead. For
/// a new version, add a new file.
fn compare(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    match std::fs::read_to_string(&path) {
        Ok(found) => assert!(found == expected, "{file} differs from what the crate does"),
        Err(_) => {
            std::fs::write(&path, expected).unwrap();
            panic!("{file} was missing and has been written: look at it, and run again");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn words(side: Side) -> &'static str {
    match side {
        Side::Device => "scanner",
        Side::Host => "bridge",
    }
}

fn result(result: ResultNumber) -> Value {
    json!({ "boot": result.boot, "number": result.number })
}

fn scan(scan: ScanRef) -> Value {
    match scan {
        ScanRef::WalkUp(number) => json!({ "walk_up": number }),
        ScanRef::Asked(number) => json!({ "asked": number }),
    }
}

fn subject(subject: &Subject) -> Value {
    json!({
        "number": subject.number.as_str(),
        "sex": subject.sex.map(Sex::code),
        "age": subject.age,
        "height": subject.height.map(|value| value.to_string()),
        "body_type": subject.body_type.map(BodyType::code),
        "clothes_weight": subject.clothes_weight.map(|value| value.to_string()),
        "activity_level": subject.activity_level,
    })
}

fn device_message(message: &DeviceMessage) -> Value {
    match message {
        DeviceMessage::Identity(identity) => json!({ "identity": {
            "device": identity.device.to_string(),
            "boot": identity.boot,
            "uptime_ms": identity.uptime_ms,
            "maker": identity.maker.as_str(),
            "model": identity.model.as_str(),
            "serial": identity.serial.as_str(),
            "firmware": identity.firmware.as_str(),
            "capabilities": identity.capabilities.0,
        }}),
        DeviceMessage::Progress(progress) => json!({ "progress": {
            "scan": scan(progress.scan), "stage": progress.stage.code(), "percent": progress.percent,
        }}),
        DeviceMessage::Result(head) => json!({ "result": { "result": result(head.result), "length": head.length } }),
        DeviceMessage::Ended { scan: of, ending } => {
            let ending = match ending {
                Ending::Completed(number) => json!({ "completed": result(*number) }),
                Ending::Failed(fault) => json!({ "failed": fault.code() }),
                Ending::Cancelled => json!("cancelled"),
                Ending::Refused(refusal) => json!({ "refused": refusal.code() }),
            };
            json!({ "ended": { "scan": scan(*of), "ending": ending } })
        }
        DeviceMessage::Fault { fault, detail } => json!({ "fault": { "fault": fault.code(), "detail": detail } }),
        DeviceMessage::Log { level, text } => json!({ "log": { "level": level.code(), "text": text.as_str() } }),
    }
}

fn host_message(message: &HostMessage) -> Value {
    match message {
        HostMessage::Stored(number) => json!({ "stored": result(*number) }),
        HostMessage::SetClock(clock) => json!({ "set_clock": {
            "unix_seconds": clock.unix_seconds, "offset_minutes": clock.offset_minutes,
        }}),
        HostMessage::Start(start) => json!({ "start": {
            "scan": start.scan,
            "kind": start.kind.code(),
            "screened": start.screened,
            "subject": subject(&start.subject),
        }}),
        HostMessage::Cancel(number) => json!({ "cancel": number }),
    }
}

fn messages() -> Vec<Value> {
    let mut buffer = [0; MAX_MESSAGE];
    let mut all = Vec::new();
    for message in sample::device_messages() {
        let length = message.encode(&mut buffer);
        all.push(json!({ "from": "scanner", "hex": hex(&buffer[..length]), "says": device_message(&message) }));
    }
    for message in sample::host_messages() {
        let length = message.encode(&mut buffer);
        all.push(json!({ "from": "bridge", "hex": hex(&buffer[..length]), "says": host_message(&message) }));
    }
    all
}

fn frames() -> Vec<Value> {
    let session = 0x1234_5678;
    let versions = VersionRange { oldest: 1, newest: 1 };
    let long: Vec<u8> = (0..240).map(|byte| byte as u8).collect();
    let cases = [
        (
            Side::Device,
            "hello to nobody",
            Frame::Hello(Hello {
                nonce: 0xA1B2_C3D4,
                seen: 0,
                versions,
            }),
        ),
        (
            Side::Host,
            "hello back",
            Frame::Hello(Hello {
                nonce: 5,
                seen: 0xA1B2_C3D4,
                versions,
            }),
        ),
        (
            Side::Host,
            "cancel 9",
            Frame::Part {
                session,
                seq: 0,
                index: 0,
                last: true,
                payload: &[3, 9],
            },
        ),
        (
            Side::Device,
            "longest part",
            Frame::Part {
                session,
                seq: 255,
                index: 1,
                last: false,
                payload: &long,
            },
        ),
        (
            Side::Device,
            "empty last part",
            Frame::Part {
                session,
                seq: 3,
                index: 2,
                last: true,
                payload: &[],
            },
        ),
        (Side::Host, "done", Frame::Done { session, seq: 0 }),
        (
            Side::Host,
            "want",
            Frame::Want {
                session,
                seq: 7,
                index: 2,
            },
        ),
        (Side::Device, "alive", Frame::Alive { session }),
    ];
    let mut buffer = [0; MAX_FRAME];
    cases
        .iter()
        .map(|(from, name, frame)| {
            let length = frame::encode(*from, frame, &mut buffer);
            json!({ "name": name, "from": words(*from), "wire": hex(&buffer[..length]) })
        })
        .collect()
}

/// Wire bytes that are no frame.
fn rejects() -> Vec<Value> {
    let session = 0x1234_5678;
    let mut good = [0; MAX_FRAME];
    let length = frame::encode(Side::Host, &Frame::Done { session, seq: 0 }, &mut good);
    let mut flipped = good;
    flipped[4] ^= 1;
    let long = [1; MAX_FRAME + 20];
    let mut overlong = long.to_vec();
    overlong.push(0);
    vec![
        json!({ "why": "checksum", "wire": hex(&flipped[..length]) }),
        json!({ "why": "no COBS: the first byte points behind the end", "wire": "0511220000" }),
        json!({ "why": "longer than a frame can be", "wire": hex(&overlong) }),
        json!({ "why": "shorter than a checksum", "wire": "02110000" }),
    ]
}

fn records() -> Vec<Value> {
    let number = ResultNumber { boot: 7, number: 3 };
    let mut buffer = [0; 256];
    let mut writer = RecordWriter::new(&mut buffer, &sample::header(number)).unwrap();
    writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1)).unwrap();
    writer
        .value(MetricId::PHASE_ANGLE_RIGHT_LEG, Decimal::new(-88, 1))
        .unwrap();
    let (segment, frequency) = (Segment::LeftLeg, Frequency::Khz50);
    let (resistance, reactance) = (Decimal::new(2420, 1), Decimal::new(-260, 1));
    writer
        .impedance(Impedance {
            segment,
            frequency,
            resistance,
            reactance,
        })
        .unwrap();
    writer.value(MetricId::WAIST_GIRTH, Decimal::new(8125, 2)).unwrap();
    let small = writer.finish().to_vec();
    let full = sample::full_record(number);
    [("small", small), ("full", full)]
        .iter()
        .map(|(name, bytes)| describe(name, bytes))
        .collect()
}

fn describe(name: &str, bytes: &[u8]) -> Value {
    let record = Record::parse(bytes).unwrap();
    let items: Vec<_> = record
        .items()
        .map(|item| match item {
            Item::Value(metric, value) => {
                json!({ "metric": metric.0, "name": metric.name(), "value": value.to_string() })
            }
            Item::Impedance(z) => json!({
                "segment": z.segment.code(), "frequency": z.frequency.code(),
                "resistance": z.resistance.to_string(), "reactance": z.reactance.to_string(),
            }),
        })
        .collect();
    let header = &record.header;
    json!({
        "name": name,
        "hex": hex(bytes),
        "header": {
            "result": result(header.result),
            "scan": scan(header.scan),
            "kind": header.kind.code(),
            "completeness": header.completeness.code(),
            "uptime_ms": header.uptime_ms,
            "clock": header.clock.map(|clock| json!({
                "unix_seconds": clock.unix_seconds, "offset_minutes": clock.offset_minutes,
            })),
            "subject": subject(&header.subject),
        },
        "items": items,
    })
}

fn sessions() -> Vec<Value> {
    [(1_u32, 2_u32), (2, 1), (0xA1B2_C3D4, 5)]
        .iter()
        .map(|(scanner, bridge)| {
            let id = frame::crc32(&[scanner.to_le_bytes(), bridge.to_le_bytes()].concat());
            json!({ "scanner_nonce": scanner, "bridge_nonce": bridge, "session": id })
        })
        .collect()
}

/// One step of a conversation, from the scanner's point of view.
enum Step {
    /// It sends these bytes.
    Sends(Vec<u8>),
    /// These bytes arrive.
    Arrives(Vec<u8>),
    /// Its firmware hears this from the link.
    Hears(String),
    /// Its firmware does this.
    Does(&'static str),
}

/// Microseconds since the scanner's start, throughout.
const NOW: u64 = 1_234_000;

/// A scanner with seed 7 and a bridge, from the first hello to a result that is stored and a scan that was asked for.
fn conversation() -> Vec<Step> {
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
fn conversation_record() -> Vec<u8> {
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
                steps.push(Step::Hears(match event {
                    DeviceEvent::Connected { .. } => "connected".to_owned(),
                    DeviceEvent::Stored(result) => format!("stored {result}"),
                    DeviceEvent::SetClock(clock) => format!("clock {} {}", clock.unix_seconds, clock.offset_minutes),
                    DeviceEvent::Start(start) => {
                        format!("start {} for subject {}", start.scan, start.subject.number)
                    }
                    DeviceEvent::Cancel(scan) => format!("cancel {scan}"),
                    DeviceEvent::Disconnected(_) | DeviceEvent::Incompatible(_) => panic!("{event:?}"),
                }));
            }
        }
        if quiet {
            return;
        }
    }
}

#[test]
fn the_vectors_of_version_1_are_what_the_crate_does() {
    let conversation: Vec<_> = conversation()
        .iter()
        .map(|step| match step {
            Step::Sends(bytes) => json!({ "scanner_sends": hex(bytes) }),
            Step::Arrives(bytes) => json!({ "bridge_sends": hex(bytes) }),
            Step::Hears(event) => json!({ "firmware_hears": event }),
            Step::Does(action) => json!({ "firmware_does": action }),
        })
        .collect();
    let vectors = json!({
        "about": "scan-link version 1, see SPEC.md. Published: never edit this file; a new version gets a file of its own. \
                  Codes and metrics are numbers, exact values are decimal texts, byte strings are hexadecimal.",
        "crc32": [{ "ascii": "123456789", "crc": frame::crc32(b"123456789") }],
        "sessions": sessions(),
        "frames": frames(),
        "not_frames": rejects(),
        "messages": messages(),
        "records": records(),
        "conversation": { "scanner_seed": 7, "bridge_seed": 9, "now_us": NOW, "steps": conversation },
    });
    let mut text = serde_json::to_string_pretty(&vectors).unwrap();
    text.push('\n');
    compare("vectors/scan-link-v1.json", &text);
}

#[test]
fn bytes_that_are_no_frame_are_refused() {
    for case in rejects() {
        let wire = case["wire"].as_str().unwrap();
        let bytes: Vec<u8> = (0..wire.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&wire[at..at + 2], 16).unwrap())
            .collect();
        let mut reader = frame::FrameReader::new();
        let refused = bytes
            .iter()
            .filter_map(|byte| reader.push(*byte).map(|frame| frame.is_err()))
            .collect::<Vec<_>>();
        assert_eq!(refused, [true], "{}", case["why"]);
    }
}

#[test]
fn the_vectors_of_the_c_example_are_those_of_version_1() {
    let mut text = String::from(
        "/* The conversation of vectors/scan-link-v1.json for C. Published: never edit; a test compares. */\n\
         #ifndef SCAN_LINK_VECTORS_V1_H\n#define SCAN_LINK_VECTORS_V1_H\n\n#include <stdint.h>\n#include <stddef.h>\n\n\
         enum who { SCANNER_SENDS, BRIDGE_SENDS, FIRMWARE_HEARS, FIRMWARE_DOES };\n\n\
         /* Bytes of a frame, or the words of an event or action. */\n\
         struct step {\n    enum who who;\n    const char *words;\n    const uint8_t *bytes;\n    size_t length;\n};\n\n",
    );
    writeln!(text, "#define NOW_US UINT64_C({NOW})\n").unwrap();
    let steps = conversation();
    for (number, step) in steps.iter().enumerate() {
        if let Step::Sends(bytes) | Step::Arrives(bytes) = step {
            writeln!(text, "static const uint8_t FRAME_{number}[] = {{").unwrap();
            for line in bytes.chunks(20) {
                let bytes: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
                writeln!(text, "    {},", bytes.join(", ")).unwrap();
            }
            writeln!(text, "}};").unwrap();
        }
    }
    writeln!(text, "\nstatic const struct step STEPS[] = {{").unwrap();
    for (number, step) in steps.iter().enumerate() {
        let frame = |who: &str| format!("{who}, \"\", FRAME_{number}, sizeof FRAME_{number}");
        let line = match step {
            Step::Sends(_) => frame("SCANNER_SENDS"),
            Step::Arrives(_) => frame("BRIDGE_SENDS"),
            Step::Hears(event) => format!("FIRMWARE_HEARS, \"{event}\", NULL, 0"),
            Step::Does(action) => format!("FIRMWARE_DOES, \"{action}\", NULL, 0"),
        };
        writeln!(text, "    {{ {line} }},").unwrap();
    }
    writeln!(text, "}};\n\n#endif").unwrap();
    compare("c/vectors_v1.h", &text);
}

#[test]
fn the_codes_of_the_c_interface_are_those_of_the_crate() {
    let mut text = String::from(
        "/* The codes of scan-link and the numbers of measurements. Generated from the crate's tables; a test compares. */\n\
         #ifndef SCAN_LINK_CODES_H\n#define SCAN_LINK_CODES_H\n",
    );
    let mut set = |name: &str, codes: &[(&str, u32)]| {
        writeln!(text).unwrap();
        for (word, code) in codes {
            writeln!(text, "#define SCAN_LINK_{name}_{} {code}", word.to_uppercase()).unwrap();
        }
    };
    macro_rules! codes {
        ($($name:literal $set:ty),+ $(,)?) => {
            $(
                let known: Vec<_> =
                    <$set>::KNOWN.iter().map(|code| (code.word(), u32::from(code.code()))).collect();
                set($name, &known);
            )+
        };
    }
    codes!(
        "STAGE" Stage, "SCAN_KIND" ScanKind, "SEX" Sex, "BODY_TYPE" BodyType, "SEGMENT" Segment,
        "FREQUENCY" Frequency, "COMPLETENESS" Completeness, "FAULT" Fault, "REFUSAL" Refusal, "LOG_LEVEL" LogLevel,
    );
    set(
        "CAPABILITY",
        &[
            ("starts_scans", Capabilities::STARTS_SCANS.0),
            ("cancels", Capabilities::CANCELS.0),
            ("live_stages", Capabilities::LIVE_STAGES.0),
            ("impedances", Capabilities::IMPEDANCES.0),
            ("shape", Capabilities::SHAPE.0),
            ("clock", Capabilities::CLOCK.0),
            ("keeps_results", Capabilities::KEEPS_RESULTS.0),
        ],
    );
    let metrics: Vec<_> = MetricId::all()
        .iter()
        .map(|(id, name)| (*name, u32::from(id.0)))
        .collect();
    set("METRIC", &metrics);
    writeln!(text, "\n#endif").unwrap();
    compare("c/scan_link_codes.h", &text);
}

#[test]
fn a_reader_in_another_language_reads_the_vectors() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/check.py");
    let Ok(output) = std::process::Command::new("python3").arg(script).output() else {
        assert!(
            std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_none(),
            "no python3"
        );
        eprintln!("skipped: no python3");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
