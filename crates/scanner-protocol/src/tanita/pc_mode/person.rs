//! Who is measured: the data as the device takes them, and whether a result is this person's.

use scan_model::{
    Decimal, Record,
    subject::{BodyType, Gender},
};

use super::{dialect::PcDialect, order::Setting, reply::Settings};
use crate::{Refused, StartScan, Ticket};

/// A person who can be measured: all data are there and in range. `Debug` prints nothing of them.
#[derive(Clone)]
pub(super) struct Person {
    /// Tenths of a kilogram, 0 to 100.
    clothes: i64,
    sex: Gender,
    athlete: bool,
    /// Tenths of a centimetre, 900 to 2499; whole centimetres where the device knows no others.
    height: i64,
    /// Years, 5 to 99.
    age: i64,
    /// `None` where the device takes no number.
    ticket: Option<Ticket>,
    /// Per cent, 5 to 99.
    goal: Option<u8>,
    number: OwnNumber,
}

/// The number that a person goes by elsewhere, if there is one. `Debug` prints nothing of it.
#[derive(Clone)]
pub(super) struct OwnNumber(Option<String>);

impl OwnNumber {
    pub(super) fn of(start: &StartScan) -> Self {
        Self(start.subject.number.clone())
    }

    /// Puts the number on the person's own result. It takes the place of the ticket, which has served: nobody may take that for a
    /// member's.
    pub(super) fn sign(&self, record: &mut Record) {
        record.subject.number.clone_from(&self.0);
    }
}

impl std::fmt::Debug for OwnNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnNumber(..)")
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(..)")
    }
}

impl Person {
    /// The person to measure. A body type that the device is to find out itself is standard: PC mode has no word for it.
    ///
    /// # Errors
    /// [`Refused::Person`] if something is missing or the device cannot take it.
    pub(super) fn new(start: &StartScan, dialect: PcDialect) -> Result<Self, Refused> {
        let subject = &start.subject;
        let sex = subject.gender.ok_or(Refused::Person("the person's sex"))?;
        let clothes = tenths(subject.clothes_weight.unwrap_or(Decimal::ZERO))
            .filter(|weight| (0..=100).contains(weight))
            .ok_or(Refused::Person("a weight of clothes between 0 and 10 kg"))?;
        let height = subject
            .height
            .and_then(|height| match dialect {
                PcDialect::Bc418 => height.converted(Decimal::from(1), 0).and_then(tenths),
                PcDialect::Mc | PcDialect::Dc | PcDialect::Dc320 => tenths(height),
            })
            .filter(|height| (900..=2499).contains(height))
            .ok_or(Refused::Person("a height between 90.0 and 249.9 cm"))?;
        let age = subject
            .age
            .map(whole)
            .filter(|age| (dialect.least_age()..=99).contains(age))
            .ok_or(Refused::Person("an age between 5 (BC-418: 7) and 99 years"))?;
        if start.goal_body_fat.is_some_and(|goal| !(5..=99).contains(&goal)) {
            return Err(Refused::Person("a goal of body fat between 5 and 99 %"));
        }
        let numbered = dialect.has_result_number();
        Ok(Self {
            clothes,
            sex,
            athlete: subject.body_type == Some(BodyType::Athlete),
            height,
            age,
            ticket: numbered.then_some(start.ticket),
            goal: start.goal_body_fat.filter(|_| numbered),
            number: OwnNumber::of(start),
        })
    }

    pub(super) fn own_number(&self) -> &OwnNumber {
        &self.number
    }

    /// The number by which the person's result is recognised.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// One of the data as the device takes it; `None` if there is none.
    pub(super) fn value(&self, setting: Setting, dialect: PcDialect) -> Option<String> {
        let text = match (setting, dialect) {
            (Setting::ClothesWeight, PcDialect::Bc418) => format!("{:03}.{}", self.clothes / 10, self.clothes % 10),
            (Setting::ClothesWeight, _) => format!("{:02}.{}", self.clothes / 10, self.clothes % 10),
            (Setting::Sex, _) => self.sex_code().to_string(),
            (Setting::BodyType, _) => self.body_type_code().to_string(),
            (Setting::Height, PcDialect::Bc418) => format!("{:05}", self.height / 10),
            (Setting::Height, _) => format!("{:03}.{}", self.height / 10, self.height % 10),
            (Setting::Age, _) => format!("{:02}", self.age),
            (Setting::Number, PcDialect::Dc320) => format!("\"{:010}\"", self.ticket?.number()),
            (Setting::Number, _) => format!("{:010}", self.ticket?.number()),
            (Setting::GoalBodyFat, _) => format!("{:02}", self.goal?),
        };
        Some(text)
    }

    /// Whether the device says that it has the person's data.
    pub(super) fn agrees_with(&self, settings: &Settings) -> bool {
        let number = self.ticket.and_then(|ticket| i64::try_from(ticket.number()).ok());
        let sent = [
            (Setting::ClothesWeight, Some(Decimal::new(self.clothes, 1))),
            (Setting::Sex, Some(Decimal::from(self.sex_code()))),
            (Setting::BodyType, Some(Decimal::from(self.body_type_code()))),
            (Setting::Height, Some(Decimal::new(self.height, 1))),
            (Setting::Age, Some(Decimal::new(self.age, 0))),
            (Setting::Number, number.map(|number| Decimal::new(number, 0))),
            (
                Setting::GoalBodyFat,
                self.goal.map(|goal| Decimal::from(i32::from(goal))),
            ),
        ];
        sent.iter()
            .all(|&(setting, value)| value.is_none_or(|value| settings.agree(setting, value)))
    }

    /// Whether `record` came back with the number, the sex, the age and the height that were sent.
    pub(super) fn owns(&self, record: &Record) -> bool {
        let subject = &record.subject;
        self.ticket.is_none_or(|ticket| names(record, ticket))
            && subject.gender == Some(self.sex)
            && subject.age == Some(Decimal::new(self.age, 0))
            && subject.height == Some(Decimal::new(self.height, 1))
    }

    fn sex_code(&self) -> i32 {
        match self.sex {
            Gender::Male => 1,
            Gender::Female => 2,
        }
    }

    fn body_type_code(&self) -> i32 {
        if self.athlete { 2 } else { 0 }
    }
}

/// Whether the record's number is `ticket`, however many zeros the device put before it.
pub(super) fn names(record: &Record, ticket: Ticket) -> bool {
    let number = record.subject.number.as_deref().map(str::trim).map(str::parse::<u64>);
    number == Some(Ok(ticket.number()))
}

fn tenths(value: Decimal) -> Option<i64> {
    value.converted(Decimal::from(1), 1).map(Decimal::mantissa)
}

/// Years that are over: half a year of age is none.
fn whole(value: Decimal) -> i64 {
    value.mantissa().div_euclid(10_i64.pow(u32::from(value.scale())))
}
