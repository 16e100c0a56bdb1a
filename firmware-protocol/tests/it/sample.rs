//! Messages and records to try things on.

use firmware_protocol::*;

pub(crate) fn identity(boot: u32) -> Identity {
    Identity {
        device: DeviceId(*b"chip-0001\0\0\0\0\0\0\0"),
        boot,
        uptime_ms: 0,
        maker: text("Example"),
        model: text("BC-1"),
        serial: text("SN-42"),
        firmware: text("1.4.0"),
        capabilities: Capabilities::LIVE_STAGES.with(Capabilities::IMPEDANCES),
    }
}

/// Every field at its longest.
pub(crate) fn longest_identity() -> Identity {
    Identity {
        device: DeviceId([0xFF; 16]),
        boot: u32::MAX,
        uptime_ms: u32::MAX,
        maker: text(&"m".repeat(99)),
        model: text(&"m".repeat(99)),
        serial: text(&"s".repeat(99)),
        firmware: text(&"f".repeat(99)),
        capabilities: Capabilities(u32::MAX),
    }
}

pub(crate) fn subject() -> Subject {
    Subject {
        number: text("0000000112"),
        sex: Some(Sex::Female),
        age: Some(28),
        height: Some(Decimal::new(1670, 1)),
        body_type: Some(BodyType::Standard),
        clothes_weight: Some(Decimal::new(5, 1)),
        activity_level: Some(2),
    }
}

pub(crate) fn longest_subject() -> Subject {
    let wide = Some(Decimal::new(i32::MIN, 9));
    Subject {
        number: text(&"9".repeat(99)),
        sex: Some(Sex::Other(255)),
        age: Some(255),
        height: wide,
        body_type: Some(BodyType::Other(255)),
        clothes_weight: wide,
        activity_level: Some(255),
    }
}

pub(crate) fn header(result: ResultNumber) -> RecordHeader {
    RecordHeader {
        result,
        scan: ScanRef::WalkUp(result.number),
        kind: ScanKind::BodyComposition,
        completeness: Completeness::Full,
        uptime_ms: 61_500,
        clock: Some(Clock {
            unix_seconds: 1_750_000_000,
            offset_minutes: 60,
        }),
        subject: subject(),
    }
}

/// A record as large as the largest scanners send: every value of the vocabulary that is no impedance, repeated up to 150, and
/// resistance and reactance of seven paths at six frequencies.
pub(crate) fn full_record(result: ResultNumber) -> Vec<u8> {
    let mut buffer = [0; MAX_RECORD];
    let mut writer = RecordWriter::new(&mut buffer, &header(result)).unwrap();
    let values = MetricId::all()
        .iter()
        .map(|known| known.id)
        .filter(|id| id.0 < 256)
        .cycle()
        .take(150);
    for (at, metric) in values.enumerate() {
        let digits = i32::try_from(at).unwrap();
        writer.value(metric, Decimal::new(805 + 7 * digits, 1)).unwrap();
    }
    for segment in Segment::KNOWN {
        for frequency in &Frequency::KNOWN[..6] {
            writer
                .impedance(Impedance {
                    segment: *segment,
                    frequency: *frequency,
                    resistance: Decimal::new(3213 + i32::from(frequency.code()), 1),
                    reactance: Decimal::new(-328 - i32::from(segment.code()), 1),
                })
                .unwrap();
        }
    }
    writer.finish().to_vec()
}

/// A record of the header and `values` weights.
pub(crate) fn record(result: ResultNumber, values: usize) -> Vec<u8> {
    let mut buffer = [0; MAX_RECORD];
    let mut writer = RecordWriter::new(&mut buffer, &header(result)).unwrap();
    for value in 0..values {
        writer
            .value(MetricId::BODY_WEIGHT, Decimal::new(value as i32, 1))
            .unwrap();
    }
    writer.finish().to_vec()
}

/// One of each message of a scanner, plain and with every field at its longest. A result is its head alone.
pub(crate) fn device_messages() -> Vec<DeviceMessage> {
    let result = ResultNumber { boot: 7, number: 3 };
    let longest = ResultNumber {
        boot: u32::MAX,
        number: u32::MAX,
    };
    vec![
        DeviceMessage::Identity(identity(7)),
        DeviceMessage::Identity(longest_identity()),
        DeviceMessage::Progress(Progress {
            scan: ScanRef::WalkUp(3),
            stage: Stage::Weighing,
            percent: 40,
        }),
        DeviceMessage::Progress(Progress {
            scan: ScanRef::Asked(u32::MAX),
            stage: Stage::Other(255),
            percent: 255,
        }),
        DeviceMessage::Result(ResultHead { result, length: 1100 }),
        DeviceMessage::Result(ResultHead {
            result: longest,
            length: u16::MAX,
        }),
        DeviceMessage::Ended {
            scan: ScanRef::WalkUp(3),
            ending: Ending::Completed(result),
        },
        DeviceMessage::Ended {
            scan: ScanRef::Asked(u32::MAX),
            ending: Ending::Completed(longest),
        },
        DeviceMessage::Ended {
            scan: ScanRef::WalkUp(4),
            ending: Ending::Failed(Fault::PersonMoved),
        },
        DeviceMessage::Ended {
            scan: ScanRef::Asked(9),
            ending: Ending::Cancelled,
        },
        DeviceMessage::Ended {
            scan: ScanRef::Asked(10),
            ending: Ending::Refused(Refusal::NotScreened),
        },
        DeviceMessage::Fault {
            fault: Fault::ZeroPoint,
            detail: 17,
        },
        DeviceMessage::Fault {
            fault: Fault::Other(255),
            detail: u32::MAX,
        },
        DeviceMessage::Log {
            level: LogLevel::Info,
            text: text("load cells warm"),
        },
        DeviceMessage::Log {
            level: LogLevel::Other(255),
            text: text(&"l".repeat(200)),
        },
    ]
}

/// One of each message of the bridge, plain and with every field at its longest.
pub(crate) fn host_messages() -> Vec<HostMessage> {
    vec![
        HostMessage::Stored(ResultNumber { boot: 7, number: 3 }),
        HostMessage::Stored(ResultNumber {
            boot: u32::MAX,
            number: u32::MAX,
        }),
        HostMessage::SetClock(Clock {
            unix_seconds: 1_750_000_000,
            offset_minutes: -570,
        }),
        HostMessage::SetClock(Clock {
            unix_seconds: u64::MAX,
            offset_minutes: i16::MIN,
        }),
        HostMessage::Start(start(9)),
        HostMessage::Start(Start {
            scan: u32::MAX,
            kind: ScanKind::Other(255),
            screened: false,
            subject: longest_subject(),
        }),
        HostMessage::Cancel(9),
        HostMessage::Cancel(u32::MAX),
    ]
}

pub(crate) fn start(scan: u32) -> Start {
    Start {
        scan,
        kind: ScanKind::BodyComposition,
        screened: true,
        subject: subject(),
    }
}
