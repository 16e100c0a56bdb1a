//! What the device answers, or says by itself.

use scan_model::Decimal;

use super::order::Setting;

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply<'a> {
    /// `!`: no such command, or not now.
    Refused,
    /// `D0!`: the value was not taken.
    BadValue(u8),
    /// `#`: ask again.
    Busy,
    /// `@`: understood, at work.
    Working,
    /// `E0` to `E9`: the digit.
    Error(u8),
    /// All data that are set.
    Settings(Settings),
    /// `z0` or `z1`: the zero point is being set. Which of the two says that it is done is not known, so neither is taken for it.
    Zeroing,
    /// `W…`: what is on the platform at the moment; whether it is anything.
    LiveWeight { loaded: bool },
    /// `I…`: impedance is being measured.
    Impedance,
    /// `F0` and a value: the weight that was asked for.
    Weight(&'a [u8]),
    /// The beginning of an order.
    Echo(&'a [u8]),
    /// None of these.
    Other,
}

/// The answer to `D?`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings {
    values: [Option<Datum>; Setting::ALL.len()],
}

/// How one of the data is set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Datum {
    Unset,
    Set(Decimal),
}

impl<'a> Reply<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Self {
        match line {
            b"!" => Self::Refused,
            b"#" => Self::Busy,
            b"@" => Self::Working,
            [b'E', digit @ b'0'..=b'9'] => Self::Error(digit - b'0'),
            [b'D', digit @ b'0'..=b'9', b'!'] => Self::BadValue(*digit),
            [b'z', b'0' | b'1'] => Self::Zeroing,
            [b'W', rest @ ..] => Self::LiveWeight {
                loaded: is_loaded(rest),
            },
            [b'I', ..] => Self::Impedance,
            [b'F', b'0', value @ ..] if !value.is_empty() => Self::Weight(value),
            [b'D', b'0'..=b'9', _, ..] => Settings::parse(line).map_or(Self::Other, Self::Settings),
            [b'M' | b'U' | b'D' | b'G' | b'F', b'0'..=b'9'] | b"q" | b"Q" | b"G" => Self::Echo(line),
            _ => Self::Other,
        }
    }
}

/// `n…`: a digit of unknown meaning, then the weight. A weight that cannot be read is taken for one *(inferred)*.
fn is_loaded(live: &[u8]) -> bool {
    let value = live.get(1..).unwrap_or_default().trim_ascii();
    Decimal::parse(value).map_or(!value.is_empty(), |weight| weight > Decimal::new(5, 0))
}

impl Settings {
    /// Reads `D01.5,D11,…,D6!`. The device does not pad its values like the orders, so they are numbers here.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut settings = Self::default();
        for item in line.split(|&byte| byte == b',') {
            let [b'D', digit @ b'0'..=b'6', value @ ..] = item else {
                return None;
            };
            let datum = match value {
                b"!" => Datum::Unset,
                value => Datum::Set(Decimal::parse(unquoted(value).trim_ascii()).ok()?),
            };
            let slot = &mut settings.values[usize::from(digit - b'0')];
            if slot.replace(datum).is_some() {
                return None;
            }
        }
        Some(settings)
    }

    /// Whether nobody's sex, body type, height and age are set.
    pub(super) fn are_clear(&self) -> bool {
        [Setting::Sex, Setting::BodyType, Setting::Height, Setting::Age]
            .iter()
            .all(|&setting| self.values[setting as usize] == Some(Datum::Unset))
    }

    /// Whether `setting` has the value `sent`, or the device does not say.
    pub(super) fn agree(&self, setting: Setting, sent: Decimal) -> bool {
        match &self.values[setting as usize] {
            None => true,
            Some(Datum::Unset) => false,
            Some(Datum::Set(value)) => *value == sent,
        }
    }
}

/// The DC-320 takes its result number in quotes.
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_answers_about_the_settings_are_read() {
        let Reply::Settings(all) = Reply::parse(b"D01.5,D11,D20,D3175.4,D430,D50000012345,D620") else {
            panic!("no settings")
        };
        assert!(!all.are_clear());
        let sent = [
            (Setting::ClothesWeight, Decimal::new(15, 1)),
            (Setting::Sex, Decimal::from(1)),
            (Setting::BodyType, Decimal::ZERO),
            (Setting::Height, Decimal::new(1754, 1)),
            (Setting::Age, Decimal::from(30)),
            (Setting::Number, Decimal::from(12345)),
            (Setting::GoalBodyFat, Decimal::from(20)),
        ];
        for (setting, value) in sent {
            assert!(all.agree(setting, value), "{setting:?}");
            assert!(!all.agree(setting, Decimal::from(99)), "{setting:?}");
        }

        let Reply::Settings(none) = Reply::parse(b"D000.0,D1!,D2!,D3!,D4!,D5!,D6!") else {
            panic!("no settings")
        };
        assert!(none.are_clear());
        assert!(!none.agree(Setting::Sex, Decimal::from(1)));
        assert!(none.agree(Setting::ClothesWeight, Decimal::ZERO));
    }

    #[test]
    fn settings_that_leave_one_out_are_not_clear() {
        for line in [&b"D000.0,D1!,D2!,D3!"[..], b"D1!,D2!,D30,D4!", b"D1!,D2!,D3170.0,D4!"] {
            let Reply::Settings(settings) = Reply::parse(line) else {
                panic!("no settings")
            };
            assert!(!settings.are_clear());
        }
    }

    #[test]
    fn lines_are_told_apart() {
        let lines: [(&[u8], Reply); 26] = [
            (b"!", Reply::Refused),
            (b"D3!", Reply::BadValue(b'3')),
            (b"#", Reply::Busy),
            (b"@", Reply::Working),
            (b"E0", Reply::Error(0)),
            (b"E9", Reply::Error(9)),
            (b"E", Reply::Other),
            (b"EA", Reply::Other),
            (b"z0", Reply::Zeroing),
            (b"z1", Reply::Zeroing),
            (b"z2", Reply::Other),
            (b"W", Reply::LiveWeight { loaded: false }),
            (b"W1", Reply::LiveWeight { loaded: false }),
            (b"W1   ", Reply::LiveWeight { loaded: false }),
            (b"W10.0", Reply::LiveWeight { loaded: false }),
            (b"W15.0", Reply::LiveWeight { loaded: false }),
            (b"W15.1", Reply::LiveWeight { loaded: true }),
            (b"W1 80.5", Reply::LiveWeight { loaded: true }),
            (b"W1----", Reply::LiveWeight { loaded: true }),
            (b"I0", Reply::Impedance),
            (b"F080.5", Reply::Weight(b"80.5")),
            (b"F0", Reply::Echo(b"F0")),
            (b"Q", Reply::Echo(b"Q")),
            (b"M1", Reply::Echo(b"M1")),
            (b"D1!,D1!", Reply::Other),
            (b"D0x,D1!", Reply::Other),
        ];
        for (line, reply) in lines {
            assert_eq!(Reply::parse(line), reply, "{}", line.escape_ascii());
        }
    }
}
