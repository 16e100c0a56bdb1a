//! Speed and frame of a serial line, as `9600 8N1`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use scanner_protocol::Protocol;
use serde::{Deserialize, Serialize};

/// Speed and frame of a serial line. Written as maker's manuals do: `9600 8N1` is 9600 baud, 8 data bits, no parity, 1
/// stop bit.
///
/// ```
/// let settings: scanner_driver::SerialSettings = "2400 7E1".parse()?;
/// assert_eq!((settings.baud(), settings.to_string().as_str()), (2400, "2400 7E1"));
/// # Ok::<(), scanner_driver::BadSettings>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SerialSettings {
    baud: u32,
    data_bits: DataBits,
    parity: Parity,
    stop_bits: StopBits,
}

/// Data bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataBits {
    /// Five.
    Five,
    /// Six.
    Six,
    /// Seven.
    Seven,
    /// Eight.
    Eight,
}

/// Parity of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parity {
    /// `N`: no parity bit.
    None,
    /// `E`.
    Even,
    /// `O`.
    Odd,
}

/// Stop bits behind a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopBits {
    /// One.
    One,
    /// Two.
    Two,
}

/// A text that names no serial settings, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// Not of the form `9600 8N1`.
    #[error("bad serial settings `{text}`: write them like `9600 8N1`")]
    Form {
        /// What was written.
        text: String,
    },
    /// No number, or outside the range of real ports.
    #[error("bad baud `{baud}` in serial settings `{text}`: a number from {MIN_BAUD} to {MAX_BAUD} is needed")]
    Baud {
        /// What was written.
        text: String,
        /// Its part that should be the baud rate.
        baud: String,
    },
    /// No such frame.
    #[error("bad frame `{frame}` in serial settings `{text}`: data bits 5 to 8, parity N, E or O, stop bits 1 or 2")]
    Frame {
        /// What was written.
        text: String,
        /// Its part that should be the frame.
        frame: String,
    },
}

/// The slowest rate that ports still offer.
const MIN_BAUD: u32 = 50;
/// The fastest rate of common USB adapters.
const MAX_BAUD: u32 = 4_000_000;

impl SerialSettings {
    /// What nearly every scanner speaks, and every tagged Tanita: `9600 8N1`.
    pub const COMMON: Self = Self::of(9600, DataBits::Eight, Parity::None);

    /// What a scanner of this protocol is set to by its maker: `2400 7E1` in the manuals of Tanita WB-100, WB-110 and TBF-310, `115200 8N1`
    /// for scan-link and BMH05108, `9600 7E1` for Toledo 8217, `2400 8N2` for Doran, `1200 8E1` for seca 460. Where a family has no
    /// settings of its own, or nobody has published them, [`COMMON`](Self::COMMON).
    pub fn usual(protocol: Protocol) -> Self {
        match protocol {
            Protocol::TanitaWb | Protocol::TanitaPositional => Self::of(2400, DataBits::Seven, Parity::Even),
            Protocol::ScanLink | Protocol::Bmh05108 => Self::of(115_200, DataBits::Eight, Parity::None),
            Protocol::Toledo8217 => Self::of(9600, DataBits::Seven, Parity::Even),
            Protocol::Doran => Self {
                baud: 2400,
                stop_bits: StopBits::Two,
                ..Self::COMMON
            },
            Protocol::Seca460 => Self::of(1200, DataBits::Eight, Parity::Even),
            _ => Self::COMMON,
        }
    }

    /// With one stop bit.
    pub(crate) const fn of(baud: u32, data_bits: DataBits, parity: Parity) -> Self {
        Self {
            baud,
            data_bits,
            parity,
            stop_bits: StopBits::One,
        }
    }

    /// Bits per second, 50 to 4,000,000.
    pub fn baud(self) -> u32 {
        self.baud
    }

    /// Data bits of a character.
    pub fn data_bits(self) -> DataBits {
        self.data_bits
    }

    /// Parity of a character.
    pub fn parity(self) -> Parity {
        self.parity
    }

    /// Stop bits behind a character.
    pub fn stop_bits(self) -> StopBits {
        self.stop_bits
    }

    /// How long `bytes` characters occupy the wire, start, parity and stop bits included.
    pub fn wire_time(self, bytes: usize) -> Duration {
        let data = match self.data_bits {
            DataBits::Five => 5,
            DataBits::Six => 6,
            DataBits::Seven => 7,
            DataBits::Eight => 8,
        };
        let parity = u64::from(self.parity != Parity::None);
        let stop = match self.stop_bits {
            StopBits::One => 1,
            StopBits::Two => 2,
        };
        let bits_each = 1 + data + parity + stop;
        Duration::from_secs(bits_each.saturating_mul(bytes as u64)) / self.baud
    }
}

impl Default for SerialSettings {
    fn default() -> Self {
        Self::COMMON
    }
}

impl FromStr for SerialSettings {
    type Err = BadSettings;

    fn from_str(text: &str) -> Result<Self, BadSettings> {
        let mut parts = text.split_ascii_whitespace();
        let (Some(baud_text), Some(frame), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BadSettings::Form { text: text.to_owned() });
        };
        let baud = baud_text
            .parse()
            .ok()
            .filter(|baud| (MIN_BAUD..=MAX_BAUD).contains(baud))
            .ok_or_else(|| BadSettings::Baud {
                text: text.to_owned(),
                baud: baud_text.to_owned(),
            })?;
        let (data_bits, parity, stop_bits) = parse_frame(frame).ok_or_else(|| BadSettings::Frame {
            text: text.to_owned(),
            frame: frame.to_owned(),
        })?;
        Ok(Self {
            baud,
            data_bits,
            parity,
            stop_bits,
        })
    }
}

impl TryFrom<String> for SerialSettings {
    type Error = BadSettings;

    fn try_from(text: String) -> Result<Self, BadSettings> {
        text.parse()
    }
}

impl From<SerialSettings> for String {
    fn from(settings: SerialSettings) -> Self {
        settings.to_string()
    }
}

impl fmt::Display for SerialSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = match self.data_bits {
            DataBits::Five => '5',
            DataBits::Six => '6',
            DataBits::Seven => '7',
            DataBits::Eight => '8',
        };
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        let stop = match self.stop_bits {
            StopBits::One => '1',
            StopBits::Two => '2',
        };
        write!(f, "{} {data}{parity}{stop}", self.baud)
    }
}

fn parse_frame(frame: &str) -> Option<(DataBits, Parity, StopBits)> {
    let [data, parity, stop] = frame.as_bytes() else {
        return None;
    };
    let data = match data {
        b'5' => DataBits::Five,
        b'6' => DataBits::Six,
        b'7' => DataBits::Seven,
        b'8' => DataBits::Eight,
        _ => return None,
    };
    let parity = match parity.to_ascii_uppercase() {
        b'N' => Parity::None,
        b'E' => Parity::Even,
        b'O' => Parity::Odd,
        _ => return None,
    };
    let stop = match stop {
        b'1' => StopBits::One,
        b'2' => StopBits::Two,
        _ => return None,
    };
    Some((data, parity, stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_print_as_they_are_written() {
        for text in ["9600 8N1", "2400 7E1", "1200 7O2", "4000000 5N1", "50 6N2"] {
            assert_eq!(
                text.parse::<SerialSettings>().map(|s| s.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(" 9600  8n1 ".parse(), Ok(SerialSettings::COMMON));
    }

    #[test]
    fn a_family_has_the_settings_of_its_manuals() {
        for (protocol, expected) in [
            (Protocol::Auto, "9600 8N1"),
            (Protocol::TanitaTagged, "9600 8N1"),
            (Protocol::TanitaWb, "2400 7E1"),
            (Protocol::TanitaPositional, "2400 7E1"),
            (Protocol::And, "9600 8N1"),
            (Protocol::ScanLink, "115200 8N1"),
            (Protocol::Bmh05108, "115200 8N1"),
            (Protocol::Cas, "9600 8N1"),
            (Protocol::Toledo8217, "9600 7E1"),
            (Protocol::Doran, "2400 8N2"),
            (Protocol::Seca460, "1200 8E1"),
            (Protocol::Dba310, "9600 8N1"),
        ] {
            assert_eq!(SerialSettings::usual(protocol).to_string(), expected, "{protocol}");
        }
    }

    #[test]
    fn a_bad_part_is_named() {
        let error = |text: &str| text.parse::<SerialSettings>().map(|_| ()).expect_err(text).to_string();
        for baud in ["96OO", "0", "49", "4000001", "-9600", "99999999999"] {
            assert!(
                error(&format!("{baud} 8N1")).starts_with(&format!("bad baud `{baud}`")),
                "{baud}"
            );
        }
        for frame in ["9N1", "8X1", "8N3", "8N", "8N11", "8N½"] {
            assert!(
                error(&format!("9600 {frame}")).starts_with(&format!("bad frame `{frame}`")),
                "{frame}"
            );
        }
        for text in ["", "9600", "9600 8N1 x", "9600,8N1"] {
            assert!(error(text).contains("like `9600 8N1`"), "{text}");
        }
    }

    #[test]
    fn wire_time_counts_start_parity_and_stop_bits() {
        let seconds = |text: &str| text.parse::<SerialSettings>().expect(text).wire_time(9600).as_secs();
        assert_eq!(
            (seconds("9600 8N1"), seconds("9600 7E1"), seconds("9600 8E2")),
            (10, 10, 12)
        );
    }
}
