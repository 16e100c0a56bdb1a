//! Scan performers: client-side software that performs automated scans. The bridge registers one per scanner.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{FacilityRef, Id};

/// State of a performer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerformerStatus {
    /// The device is not reachable.
    Offline,
    /// Ready for a scan.
    Idle,
    /// A scan is running.
    Busy,
    /// The device reports a fault.
    Error,
    /// Taken out of service by a technician.
    Maintenance,
}

/// Software that performs scans.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Software {
    /// Such as `scanbridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Such as `0.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Such as `linux-aarch64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// The scanner itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Device {
    /// Such as `Tanita`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Such as `MC-780`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Serial number as the device reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Firmware version as the device reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Port on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Speed of the line in baud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
}

/// Body of `POST /scanperformers`. Repeating it with the same `externalid` updates the performer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPerformer {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `{installation id}/{scanner id}`; unique per app.
    pub externalid: String,
    /// Digest of installation and machine; the server leases the performer to one instance for 90 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityRef>,
    /// State at registration; `idle` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PerformerStatus>,
    /// Last text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What runs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Software>,
    /// What it drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Measurement names it can deliver, plus `segmental`, `impedance`, `weightonly`, `remote_start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
}

/// Body of `PUT /scanperformers/{id}`: only what is present changes. The heartbeat holds at least `status`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerformerPatch {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As in [`NewPerformer::instance`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityRef>,
    /// State now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PerformerStatus>,
    /// Last text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What runs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Software>,
    /// What it drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// As in [`NewPerformer::capabilities`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
}

/// A performer as the server answers it; what a client relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performer {
    /// The server's key.
    pub id: Id,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The caller's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub externalid: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<Id>,
    /// Last state reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PerformerStatus>,
    /// Whether it was seen within 90 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// When it was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lastseen: Option<Timestamp>,
}
