//! Messages and records in the words of the vectors: codes as numbers, exact values as decimal texts.

use firmware_protocol::*;
use serde_json::{Value, json};

use super::hex;

pub(super) fn words(side: Side) -> &'static str {
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

pub(super) fn device_message(message: &DeviceMessage) -> Value {
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

pub(super) fn host_message(message: &HostMessage) -> Value {
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

pub(super) fn describe(name: &str, bytes: &[u8]) -> Value {
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
