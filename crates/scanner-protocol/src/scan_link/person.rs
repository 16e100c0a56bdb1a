//! The person, in the scanner's words and in ours.

use firmware_protocol::{BodyType as TheirBodyType, Decimal as TheirDecimal, Sex, Subject as TheirSubject, text};
use scan_model::{
    Decimal,
    subject::{BodyType, Gender, Subject},
};

use crate::Refused;

/// What a scanner says of the person it measured. Codes of a newer version are left out.
pub(super) fn from_scanner(subject: &TheirSubject) -> Subject {
    Subject {
        number: (!subject.number.is_empty()).then(|| subject.number.as_str().to_owned()),
        gender: subject.sex.and_then(|sex| match sex {
            Sex::Male => Some(Gender::Male),
            Sex::Female => Some(Gender::Female),
            Sex::Other(_) => None,
        }),
        age: subject.age.map(|years| Decimal::from(i32::from(years))),
        height: subject.height.map(decimal),
        body_type: subject.body_type.and_then(|body_type| match body_type {
            TheirBodyType::Standard => Some(BodyType::Standard),
            TheirBodyType::Athlete => Some(BodyType::Athlete),
            TheirBodyType::Auto => Some(BodyType::Auto),
            TheirBodyType::Other(_) => None,
        }),
        clothes_weight: subject.clothes_weight.map(decimal),
        activity_level: subject.activity_level.map(|level| Decimal::from(i32::from(level))),
    }
}

/// What a scanner is told of the person it is to measure. Which of it is needed the scanner itself knows.
///
/// # Errors
/// [`Refused::Person`] if the link cannot carry one of the data as it is.
pub(super) fn to_scanner(subject: &Subject) -> Result<TheirSubject, Refused> {
    let number = subject.number.as_deref().unwrap_or_default();
    let carried = text(number);
    if carried.as_str() != number {
        return Err(Refused::Person("a person's number of at most 18 characters"));
    }
    Ok(TheirSubject {
        number: carried,
        sex: subject.gender.map(|gender| match gender {
            Gender::Male => Sex::Male,
            Gender::Female => Sex::Female,
        }),
        age: whole(subject.age, "an age between 0 and 255 years")?,
        height: narrow(subject.height, "a height in cm of at most nine digits")?,
        body_type: subject.body_type.map(|body_type| match body_type {
            BodyType::Standard => TheirBodyType::Standard,
            BodyType::Athlete => TheirBodyType::Athlete,
            BodyType::Auto => TheirBodyType::Auto,
        }),
        clothes_weight: narrow(
            subject.clothes_weight,
            "a weight of clothes in kg of at most nine digits",
        )?,
        activity_level: whole(subject.activity_level, "an activity level between 1 and 3")?,
    })
}

/// The same digits.
pub(super) fn decimal(value: TheirDecimal) -> Decimal {
    Decimal::new(i64::from(value.mantissa()), value.scale())
}

/// A full number of years or the like: who is 28.9 years old is 28.
fn whole(value: Option<Decimal>, wanted: &'static str) -> Result<Option<u8>, Refused> {
    let Some(value) = value else { return Ok(None) };
    let full = value.mantissa() / 10_i64.pow(u32::from(value.scale()));
    u8::try_from(full).map(Some).map_err(|_| Refused::Person(wanted))
}

fn narrow(value: Option<Decimal>, wanted: &'static str) -> Result<Option<TheirDecimal>, Refused> {
    let Some(value) = value else { return Ok(None) };
    let mantissa = i32::try_from(value.mantissa()).ok();
    mantissa
        .and_then(|mantissa| TheirDecimal::try_new(mantissa, value.scale()).ok())
        .map(Some)
        .ok_or(Refused::Person(wanted))
}
