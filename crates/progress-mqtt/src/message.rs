//! One message: its topic, its JSON body, and what goes beside the body under MQTT 5 (contract, section 3).

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use scan_model::{
    Name, ScanId,
    board::{Activity, EventKind, Severity, Upload},
    progress::Progress,
    reading::TimeQuality,
};
use serde::Serialize;
use uuid::Uuid;

use crate::topic::{Channel, Tree};

/// Name and version of the payloads.
const SCHEMA: &str = "scan-progress/1";

/// Identity of an event on the wire: the UUIDv5 of its kind in the namespace of its scan. The same event has the same identity
/// however often it is told (MQTT-19).
pub fn event_id(scan: ScanId, kind: EventKind) -> Uuid {
    let kind = match kind {
        EventKind::Started => "started",
        EventKind::Completed => "completed",
        EventKind::Failed => "failed",
        EventKind::Cancelled => "cancelled",
        EventKind::Uploaded => "uploaded",
        EventKind::SetAside => "set_aside",
    };
    Uuid::new_v5(&scan.0, kind.as_bytes())
}

/// A message ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    /// Empty: takes a retained message away.
    pub(crate) payload: Vec<u8>,
    pub(crate) retained: bool,
    /// QoS 1 instead of 0.
    pub(crate) acknowledged: bool,
    /// What MQTT 5 says beside the payload. An empty payload has nothing to be described.
    pub(crate) properties: Option<Properties>,
}

/// What MQTT 5 says beside the payload (MQTT-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) expiry: Option<Duration>,
    /// CloudEvents attributes.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Properties {
    /// Of every payload.
    pub(crate) const CONTENT_TYPE: &str = "application/json";
    /// UTF-8 text.
    pub(crate) const PAYLOAD_FORMAT: u8 = 1;
}

/// What a message says about itself, the same for every channel.
pub(crate) struct Envelope {
    pub(crate) id: Uuid,
    pub(crate) session: u64,
    /// When what it says became true.
    pub(crate) time: Timestamp,
    /// Now: expiry counts from here.
    pub(crate) published: Timestamp,
    pub(crate) time_quality: TimeQuality,
}

/// What a message says. An unknown value is left out.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Body<'a> {
    Agent(AgentStatus),
    Info {
        version: &'a str,
        platform: &'a str,
        rev: u64,
        scanners: Vec<ScannerInfo<'a>>,
    },
    Health {
        queue_depth: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        oldest_unsent_s: Option<i64>,
        set_aside: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        disk_free_bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        clock_offset_ms: Option<i64>,
        legs: BTreeMap<&'a str, Leg<'a>>,
    },
    Alert {
        code: &'a str,
        severity: Severity,
        #[serde(serialize_with = "milliseconds")]
        since: Timestamp,
        message: &'a str,
    },
    Status {
        state: Activity,
        #[serde(serialize_with = "milliseconds")]
        since: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
    },
    Progress(&'a Progress),
    Event {
        scan: ScanId,
        kind: EventKind,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    Last {
        scan: ScanId,
        result: EventKind,
        upload: Upload,
    },
}

/// Whether the agent is there, and why that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub(crate) enum AgentStatus {
    Online(Arrival),
    Offline(Departure),
}

/// Why the agent is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrival {
    /// First connection of this start.
    Start,
    /// A later one.
    Reconnect,
}

/// Why the agent is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Departure {
    /// The broker says so: the agent is dead or cut off.
    Will,
    /// It was stopped.
    Shutdown,
}

/// One scanner in `_/info`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ScannerInfo<'a> {
    pub(crate) scanner: &'a Name,
    pub(crate) protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) serial_settings: Option<&'a str>,
}

/// State of one leg in `_/health`.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Leg<'a> {
    Scanner(Activity),
    Other(&'a str),
}

impl Message {
    /// `body` on `channel` of `scanner` (none: of the agent itself).
    pub(crate) fn new(
        tree: &Tree,
        scanner: Option<&Name>,
        channel: Channel<'_>,
        envelope: &Envelope,
        body: &Body<'_>,
    ) -> Self {
        #[derive(Serialize)]
        struct Payload<'a> {
            schema: &'static str,
            id: Uuid,
            session: u64,
            time: &'a str,
            time_quality: TimeQuality,
            #[serde(skip_serializing_if = "Option::is_none")]
            expires_at: Option<String>,
            #[serde(flatten)]
            body: &'a Body<'a>,
        }

        let time = text(envelope.time);
        let expiry = channel.expiry();
        let payload = Payload {
            schema: SCHEMA,
            id: envelope.id,
            session: envelope.session,
            time: &time,
            time_quality: envelope.time_quality,
            expires_at: expiry
                .and_then(|expiry| envelope.published.checked_add(expiry).ok())
                .map(text),
            body,
        };
        let payload = serde_json::to_vec(&payload).expect("texts, numbers and maps with text keys are always JSON");
        let attributes = [
            ("specversion", "1.0".to_owned()),
            ("id", envelope.id.to_string()),
            ("source", tree.source(scanner)),
            ("type", channel.cloud_event_type()),
            ("time", time),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        Self {
            topic: tree.topic(scanner, channel),
            payload,
            retained: channel.is_retained(),
            acknowledged: channel.is_acknowledged(),
            properties: Some(Properties { expiry, attributes }),
        }
    }

    /// Takes the retained message of `channel` away.
    pub(crate) fn emptied(tree: &Tree, scanner: Option<&Name>, channel: Channel<'_>) -> Self {
        Self {
            topic: tree.topic(scanner, channel),
            payload: Vec::new(),
            retained: true,
            acknowledged: channel.is_acknowledged(),
            properties: None,
        }
    }
}

/// RFC 3339 in UTC with milliseconds.
fn text(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn milliseconds<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mqtt_19_an_events_identity_comes_from_scan_and_kind_alone() {
        let scan = ScanId("0192f3c0-0000-7000-8000-000000000001".parse().unwrap());
        // Fixed for good: a dashboard may have stored it.
        assert_eq!(
            event_id(scan, EventKind::Completed).to_string(),
            "a5e9505a-c8d4-511f-817a-5321a4cb4d91"
        );
        assert_ne!(
            event_id(scan, EventKind::Completed),
            event_id(scan, EventKind::Uploaded)
        );
    }

    #[test]
    fn times_have_milliseconds_and_end_in_z() {
        let time: Timestamp = "2026-11-20T10:15:22.4806+00:00".parse().unwrap();
        assert_eq!(text(time), "2026-11-20T10:15:22.480Z");
        assert_eq!(text(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
