//! The agent's state as others may see it: what MQTT, the local API and the tools read.
//!
//! The agent writes it, everybody else reads; a [`Board`] is the latest value of everything, [`ScanEvent`]s are what must be
//! told once each. Nothing here holds a measured value, a name, or an identity of a person (MQTT-12).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Name, ScanId, progress::Progress, reading::TimeQuality};

/// Latest state of everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Board {
    /// What this agent is.
    pub agent: AgentInfo,
    /// Every configured scanner.
    pub scanners: BTreeMap<Name, ScannerState>,
    /// The ways out besides the scanners: `cloud`, `broker`, `disk`.
    pub legs: BTreeMap<&'static str, LegState>,
    /// What somebody has to look at, by code.
    pub alerts: BTreeMap<String, Alert>,
    /// Depth and age of the queue.
    pub queue: Queue,
    /// How far the host's clock can be trusted.
    pub time_quality: TimeQuality,
    /// Difference to the cloud's clock in milliseconds, where known.
    pub clock_offset_ms: Option<i64>,
}

/// Facts about the agent that seldom change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentInfo {
    /// Facility, a topic segment.
    pub facility: Name,
    /// Agent, a topic segment.
    pub name: Name,
    /// Program version.
    pub version: String,
    /// Such as `linux-x86_64`.
    pub platform: String,
}

/// What a scanner does, in a performer's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// The device is not reachable.
    Offline,
    /// Ready.
    Idle,
    /// A scan is running.
    Busy,
    /// Something has to be done; `code` says what.
    Error,
    /// Taken out of service.
    Maintenance,
}

/// One scanner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScannerState {
    /// What it does.
    pub activity: Activity,
    /// Since when.
    pub since: Timestamp,
    /// Why it is offline or in error, such as `port_missing`, `port_held`, `permission_denied`.
    pub code: Option<String>,
    /// Protocol spoken.
    pub protocol: String,
    /// Model, once a record named it.
    pub model: Option<String>,
    /// Serial settings in use, such as `9600 8N1`.
    pub serial_settings: Option<String>,
    /// The running scan.
    pub scan: Option<Progress>,
    /// The last scan.
    pub last: Option<LastScan>,
}

/// Outcome of the last scan of a scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// The scan.
    pub scan: ScanId,
    /// When it ended.
    pub time: Timestamp,
    /// How it ended.
    pub result: EventKind,
    /// Where its result is.
    pub upload: Upload,
}

/// Where a result is on its way to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upload {
    /// There is no result.
    None,
    /// Stored on the kiosk.
    Waiting,
    /// In the cloud, with its member or as a guest's.
    Uploaded,
    /// In the cloud; nobody matched.
    Unassigned,
    /// Set aside for a technician.
    SetAside,
    /// Nobody knows whether the cloud has it.
    Uncertain,
}

/// State of a way out: a word, and what it means for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegState {
    /// `ok`, `connecting`, or the name of what is wrong, as in the upload rules: `unauthorised`, `forbidden`, `full`, …
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// What to do, where something has to be done.
    pub advice: Option<String>,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Something does not work.
    Error,
}

/// Something somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// How urgent.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// What to do.
    pub message: String,
}

/// Depth and age of the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Readings not yet acknowledged.
    pub depth: u64,
    /// When the oldest of them was stored.
    pub oldest: Option<Timestamp>,
    /// Readings set aside.
    pub set_aside: u64,
    /// Readings held for a technician.
    pub held: u64,
    /// Free bytes on the disk of the data directory.
    pub disk_free: Option<u64>,
}

/// Kinds of events of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The first byte of a result, or the start of a scan.
    Started,
    /// The result is fsynced.
    Completed,
    /// It ended without a result.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// The cloud has acknowledged the complete reading.
    Uploaded,
    /// The reading or frame was set aside.
    SetAside,
}

/// Something that is told once. Its identity on the wire is derived from scan and kind (MQTT-19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanEvent {
    /// The scanner.
    pub scanner: Name,
    /// The scan.
    pub scan: ScanId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub time: Timestamp,
    /// Error name of a failure.
    pub code: Option<String>,
    /// What to do about a failure.
    pub message: Option<String>,
}
