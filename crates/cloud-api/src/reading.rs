//! Readings: a set of measurements of one member (or guest) on a certain date.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

use crate::{Device, FacilityRef, Id, Measurements, Stage, Status};

/// Who the device or kiosk says it was, when the caller cannot know the member's id. Its `Debug` prints no value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What `value` is.
    pub scheme: SubjectScheme,
    /// The identifier.
    pub value: String,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// Kinds of identifier in a [`Subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectScheme {
    /// The member's key in the membership system.
    ExternalId,
    /// User name of a linked account.
    Username,
    /// User id of a linked account.
    UserId,
    /// The number typed at the scanner.
    Number,
}

/// Whom a reading belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// The member is known.
    Assigned,
    /// Nobody matched; waits in the facility's list.
    Unassigned,
    /// A scan of nobody in particular.
    Guest,
}

/// What is known about the body on the scale: of a guest, or as sent to the device (`inputs`). Its `Debug` prints
/// no value.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guest {
    /// `male`, `female` or `unspecified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Date of birth; or [`Guest::age`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dateofbirth: Option<Date>,
    /// Age in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<Number>,
    /// Height in cm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Number>,
    /// Weight of the clothes in kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clothesweight: Option<Number>,
    /// `standard`, `athlete` or `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bodytype: Option<String>,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").finish_non_exhaustive()
    }
}

/// How far the values may be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// False if a check failed.
    pub ok: bool,
    /// Names of what was noticed, such as `bmi_mismatch`.
    #[serde(default)]
    pub flags: Vec<String>,
}

/// Why a scan failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingError {
    /// Such as `no_weight`.
    pub code: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether trying again may help.
    #[serde(default)]
    pub retryable: bool,
}

/// Body of `POST /readings`. With `status: complete`, `date` and `measurements` it is a walk-up scan in one call.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NewReading {
    /// The member, where the caller knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Id>,
    /// Who it was, where only the device or kiosk knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// A scan of nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guest>,
    /// Default: the performer's, else the member's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<FacilityRef>,
    /// The performer that has done or shall do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanperformer: Option<Id>,
    /// The caller's key for ever; a repeat answers with the reading that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub externalid: Option<String>,
    /// When the body was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Absent or `created`; `complete` for a walk-up scan in one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Text for the member's screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Values sent to the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Guest>,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Measurements>,
    /// What measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// The device's frame in base64, kept for audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// `hmac-sha256:` of the raw frame; a hint for spotting repeats, never identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// How far the values may be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
}

impl fmt::Debug for NewReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewReading")
            .field("externalid", &self.externalid)
            .field("scanperformer", &self.scanperformer)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Body of `PUT /readings/{id}` and `PUT /readings/{id}/progress`: only what is present changes.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReadingPatch {
    /// The move to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The performer that claims it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanperformer: Option<Id>,
    /// As in [`crate::NewPerformer::instance`]: proves that the caller still holds the performer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Must belong to the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Percent; a lower one than is stored is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "percent")]
    pub progress: Option<u8>,
    /// Text for the member's screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReadingError>,
    /// When the body was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Values sent to the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Guest>,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Measurements>,
    /// What measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// As in [`NewReading::raw`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// As in [`NewReading::checksum`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// How far the values may be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
}

impl fmt::Debug for ReadingPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadingPatch")
            .field("status", &self.status)
            .field("stage", &self.stage)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// A reading as the server answers it; what a client relies on. Without a selection of fields only `id` is there.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The server's key.
    pub id: Id,
    /// Null while nobody is known.
    #[serde(default)]
    pub member: Option<Id>,
    /// Whom it belongs to.
    #[serde(default)]
    pub assignment: Option<Assignment>,
    /// Where it was made.
    #[serde(default)]
    pub facility: Option<Id>,
    /// The performer that has done or shall do it.
    #[serde(default)]
    pub scanperformer: Option<Id>,
    /// The caller's key.
    #[serde(default)]
    pub externalid: Option<String>,
    /// When the body was measured; null before completion.
    #[serde(default)]
    pub date: Option<Timestamp>,
    /// Where it stands.
    #[serde(default)]
    pub status: Option<Status>,
    /// How far it is.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// Percent.
    #[serde(default)]
    pub progress: Option<u8>,
    /// Text for the member's screen.
    #[serde(default)]
    pub message: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<ReadingError>,
    /// From 1.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// The result, where the token may see it.
    #[serde(default)]
    pub measurements: Option<Measurements>,
    /// How far the values may be trusted.
    #[serde(default)]
    pub quality: Option<Quality>,
    /// Last change.
    #[serde(default)]
    pub updated: Option<Timestamp>,
    /// When an unclaimed reading expires.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("id", &self.id)
            .field("externalid", &self.externalid)
            .field("status", &self.status)
            .field("stage", &self.stage)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// `GET /readings/{id}/progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The reading.
    pub id: Id,
    /// Where it stands.
    pub status: Status,
    /// How far it is.
    pub stage: Stage,
    /// Percent.
    pub progress: u8,
    /// Text for the member's screen.
    #[serde(default)]
    pub message: Option<String>,
    /// From 1.
    pub attempt: u32,
    /// Last change.
    pub updated: Timestamp,
    /// Whether nothing more will come.
    #[serde(rename = "final")]
    pub is_final: bool,
}

/// A percentage as number, or as text where it comes out of a form.
fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let percent = match &value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match percent {
        Some(percent @ 0..=100) => Ok(Some(percent as u8)),
        _ => Err(serde::de::Error::custom("progress is an integer from 0 to 100")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_contract_is_read_and_unknown_members_are_ignored() {
        let text = r#"{"id":9041,"member":512,"scanperformer":7,"status":"created","stage":"queued","progress":0,
            "expires":"2025-03-04T10:24:00Z","brandnew":{"x":[1.5]}}"#;
        let reading: Reading = serde_json::from_str(text).unwrap();
        assert_eq!(reading.id, Id(9041));
        assert_eq!(reading.status, Some(Status::Created));
        assert_eq!(reading.expires.unwrap().to_string(), "2025-03-04T10:24:00Z");
        let bare: Reading = serde_json::from_str(r#"{"id":"9041"}"#).unwrap();
        assert_eq!((bare.id, bare.status), (Id(9041), None));
    }

    #[test]
    fn a_walk_up_is_written_with_what_is_there_and_nothing_else() {
        let reading = NewReading {
            externalid: Some("e-1".into()),
            subject: Some(Subject {
                scheme: SubjectScheme::Number,
                value: "1234".into(),
            }),
            status: Some(Status::Complete),
            measurements: Some([("bodyweight".to_owned(), "80.50".parse().unwrap())].into()),
            ..NewReading::default()
        };
        assert_eq!(
            serde_json::to_string(&reading).unwrap(),
            r#"{"subject":{"scheme":"number","value":"1234"},"externalid":"e-1","status":"complete","measurements":{"bodyweight":80.50}}"#
        );
        let printed = format!("{reading:?}");
        assert!(!printed.contains("80.5") && !printed.contains("1234"), "{printed}");
    }

    #[test]
    fn progress_is_a_percentage() {
        for good in [r#"{"progress":62}"#, r#"{"progress":"62"}"#] {
            assert_eq!(serde_json::from_str::<ReadingPatch>(good).unwrap().progress, Some(62));
        }
        for bad in [
            r#"{"progress":101}"#,
            r#"{"progress":-1}"#,
            r#"{"progress":1.5}"#,
            r#"{"progress":true}"#,
        ] {
            assert!(serde_json::from_str::<ReadingPatch>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_progress_answer_is_byte_for_byte_that_of_the_contract() {
        let text = r#"{"id":9041,"status":"scanning","stage":"measuring","progress":62,"message":"Please stand still","attempt":1,"updated":"2025-03-04T10:15:22.48Z","final":false}"#;
        let progress: Progress = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&progress).unwrap(), text);
    }
}
