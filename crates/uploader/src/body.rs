//! A reading in the cloud's words.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloud_api::{Device, Guest, Id, Measurements, NewReading, Quality, ReadingPatch, Status, Subject, SubjectScheme};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use scan_model::{
    Decimal, Flag, Reading,
    subject::{BodyType, Gender},
};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::Number;
use sha2::Sha256;

/// The reading without its result, as the first of the steps creates it.
pub(crate) fn created(reading: &Reading, performer: Id, key: &SecretSlice<u8>) -> NewReading {
    NewReading {
        externalid: Some(reading.origin.externalid.to_string()),
        scanperformer: Some(performer),
        subject: subject(reading),
        inputs: inputs(reading),
        device: Some(device(reading)),
        raw: Some(STANDARD.encode(&reading.raw)),
        checksum: Some(checksum(&reading.raw, key)),
        quality: Some(Quality {
            ok: reading.is_consistent(),
            flags: reading.flags.iter().map(Flag::to_string).collect(),
        }),
        ..NewReading::default()
    }
}

/// The whole result in one call.
pub(crate) fn whole(reading: &Reading, performer: Id, key: &SecretSlice<u8>) -> NewReading {
    NewReading {
        status: Some(Status::Complete),
        date: Some(date(reading)),
        measurements: Some(measurements(reading)),
        ..created(reading, performer, key)
    }
}

/// The values under their REST names, with exactly the digits of the reading.
pub(crate) fn measurements(reading: &Reading) -> Measurements {
    reading
        .measurements
        .iter()
        .map(|value| (value.metric.rest_name(), number(value.value)))
        .collect()
}

/// The last of the steps.
pub(crate) fn completed(reading: &Reading, instance: &str) -> ReadingPatch {
    ReadingPatch {
        status: Some(Status::Complete),
        date: Some(date(reading)),
        instance: Some(instance.to_owned()),
        ..ReadingPatch::default()
    }
}

/// Whether the reading goes up under somebody's identifier.
pub(crate) fn names_somebody(reading: &Reading) -> bool {
    subject(reading).is_some()
}

/// In whole milliseconds, the finest the API has.
fn date(reading: &Reading) -> Timestamp {
    let date = reading.date();
    Timestamp::from_millisecond(date.as_millisecond()).unwrap_or(date)
}

/// Who the device says it was. A result that does not fit the person who was announced is nobody's: it goes up
/// unassigned.
fn subject(reading: &Reading) -> Option<Subject> {
    if reading.flags.contains(&Flag::SubjectMismatch) {
        return None;
    }
    let number = reading.subject.named()?;
    Some(Subject {
        scheme: SubjectScheme::Number,
        value: number.to_owned(),
    })
}

fn inputs(reading: &Reading) -> Option<Guest> {
    let subject = &reading.subject;
    let inputs = Guest {
        gender: subject.gender.map(|gender| {
            let word = match gender {
                Gender::Male => "male",
                Gender::Female => "female",
            };
            word.to_owned()
        }),
        age: subject.age.map(number),
        height: subject.height.map(number),
        clothesweight: subject.clothes_weight.map(number),
        bodytype: subject.body_type.map(|kind| {
            let word = match kind {
                BodyType::Standard => "standard",
                BodyType::Athlete => "athlete",
                BodyType::Auto => "auto",
            };
            word.to_owned()
        }),
        dateofbirth: None,
    };
    (inputs != Guest::default()).then_some(inputs)
}

fn device(reading: &Reading) -> Device {
    let device = reading.device.clone();
    Device {
        maker: device.maker,
        model: device.model,
        serial: device.serial,
        firmware: device.firmware,
        port: reading.origin.port.clone(),
        baud: None,
    }
}

/// A hint for spotting repeats. Keyed, so that nobody without the key can try values against it.
fn checksum(raw: &[u8], key: &SecretSlice<u8>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret()).expect("HMAC takes a key of any length");
    mac.update(raw);
    let digest = mac.finalize().into_bytes();
    digest
        .iter()
        .fold(String::from("hmac-sha256:"), |text, byte| text + &format!("{byte:02x}"))
}

fn number(decimal: Decimal) -> Number {
    cloud_api::number(decimal).expect("a decimal prints as a JSON number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        serde_json::from_str(
            r#"{"origin":{"externalid":"01950000-0000-7000-8000-000000000001","scan":"01950000-0000-7000-8000-000000000002",
                "scanner":"bay-1","received_at":"2025-03-04T10:15:58.123456789Z","time_quality":"synced","port":"/dev/ttyUSB0"},
                "protocol":"tanita-tagged","device":{"maker":"Tanita","model":"MC-780"},
                "subject":{"number":"0012","gender":"female","age":"28","height":"173.0","body_type":"standard","clothes_weight":"1.0"},
                "measurements":[{"metric":"body_weight","value":"80.50"},{"metric":"fat_mass","value":"24.0"}],
                "device_time":"absent","flags":["bmi_mismatch"],"raw":"{0,16,Wk,80.5\r\n"}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_reading_in_one_call_holds_everything_with_its_digits() {
        let whole = whole(&reading(), Id(7), &SecretSlice::from(vec![1, 2, 3]));
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"subject":{"scheme":"number","value":"0012"},"scanperformer":7,"#,
                r#""externalid":"01950000-0000-7000-8000-000000000001","date":"2025-03-04T10:15:58.123Z","status":"complete","#,
                r#""inputs":{"gender":"female","age":28,"height":173.0,"clothesweight":1.0,"bodytype":"standard"},"#,
                r#""measurements":{"bodyweight":80.50,"fatmass":24.0},"#,
                r#""device":{"maker":"Tanita","model":"MC-780","port":"/dev/ttyUSB0"},"raw":"ezAsMTYsV2ssODAuNQ0K","#,
                r#""checksum":"hmac-sha256:cb3c1ca2b6a82cb3a3de8fe6d769194ea70e4854b6aa86111d593d7bc8758c06","#,
                r#""quality":{"ok":false,"flags":["bmi_mismatch"]}}"#
            )
        );
    }

    #[test]
    fn the_date_is_that_of_the_measurement_where_the_device_kept_it() {
        let mut kept = reading();
        kept.measured_at = Some("2025-03-01T18:00:00.5004Z".parse().unwrap());
        let key = SecretSlice::from(vec![1]);
        let stored: Reading = serde_json::from_slice(&serde_json::to_vec(&kept).unwrap()).unwrap();
        let date = Some("2025-03-01T18:00:00.5Z".parse().unwrap());
        assert_eq!(
            (whole(&stored, Id(7), &key).date, completed(&stored, "1").date),
            (date, date)
        );
    }

    #[test]
    fn nobody_named_or_somebody_else_announced_is_nobodys_reading() {
        let mut nobody = reading();
        nobody.subject.number = Some("0000".into());
        assert_eq!(subject(&nobody), None);
        let mut somebody_else = reading();
        somebody_else.flags.push(Flag::SubjectMismatch);
        assert_eq!(subject(&somebody_else), None);
    }
}
