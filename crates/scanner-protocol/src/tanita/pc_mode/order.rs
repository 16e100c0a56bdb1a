//! What the host sends: one order a line.

use super::{dialect::PcDialect, person::Person, reply::Reply};

/// An order to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `q`: give up whatever is going on.
    Cancel,
    /// The byte 1F: reset, on the BC-418 alone.
    Reset,
    /// `M1`: enter PC mode.
    Enter,
    /// `M0`: leave PC mode.
    Leave,
    /// `U0`: kilograms and centimetres.
    Kilograms,
    /// `D0` to `D6`: one of the person's data.
    Set(Setting),
    /// `D?`: which data are set?
    Ask,
    /// `G`, `G0` or `G1`: measure.
    Start(&'static str),
    /// `F0`: weigh, and nothing else.
    Weigh,
    /// `F2`: tell when the person has stepped off.
    StepOff,
}

/// One of the person's data, numbered as in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    ClothesWeight,
    Sex,
    BodyType,
    Height,
    Age,
    Number,
    GoalBodyFat,
}

impl Setting {
    pub(super) const ALL: [Self; 7] = [
        Self::ClothesWeight,
        Self::Sex,
        Self::BodyType,
        Self::Height,
        Self::Age,
        Self::Number,
        Self::GoalBodyFat,
    ];

    /// The digit behind the `D`.
    pub(super) fn digit(self) -> u8 {
        b'0' + self as u8
    }
}

impl Order {
    /// The bytes to send, with the line end. `None` for a datum that the person or the device does not have.
    pub(super) fn bytes(self, dialect: PcDialect, person: Option<&Person>) -> Option<Vec<u8>> {
        let mut line = match self {
            Self::Cancel => b"q".to_vec(),
            Self::Reset => vec![0x1F],
            Self::Enter => b"M1".to_vec(),
            Self::Leave => b"M0".to_vec(),
            Self::Kilograms => b"U0".to_vec(),
            Self::Set(setting) => {
                let value = person?.value(setting, dialect)?;
                [&[b'D', setting.digit()], value.as_bytes()].concat()
            }
            Self::Ask => b"D?".to_vec(),
            Self::Start(command) => command.as_bytes().to_vec(),
            Self::Weigh => b"F0".to_vec(),
            Self::StepOff => b"F2".to_vec(),
        };
        line.extend_from_slice(b"\r\n");
        Some(line)
    }

    /// Whether `reply` acknowledges the order.
    pub(super) fn is_answered_by(self, reply: &Reply<'_>) -> bool {
        let Reply::Echo(echo) = *reply else {
            // Any line does.
            return matches!(self, Self::Reset | Self::StepOff);
        };
        match self {
            Self::Cancel => echo.eq_ignore_ascii_case(b"q"),
            Self::Enter => echo == b"M1",
            Self::Leave => echo == b"M0",
            Self::Kilograms => echo == b"U0",
            Self::Set(setting) => echo == [b'D', setting.digit()],
            // Settings alone answer it.
            Self::Ask => false,
            Self::Start(command) => echo == command.as_bytes(),
            Self::Weigh => echo == b"F0",
            Self::Reset | Self::StepOff => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_is_acknowledged_by_its_own_beginning_and_by_no_other() {
        let orders = [
            (Order::Cancel, "q"),
            (Order::Enter, "M1"),
            (Order::Leave, "M0"),
            (Order::Kilograms, "U0"),
            (Order::Start("G"), "G"),
            (Order::Start("G0"), "G0"),
            (Order::Start("G1"), "G1"),
            (Order::Weigh, "F0"),
            (Order::Set(Setting::ClothesWeight), "D0"),
            (Order::Set(Setting::Sex), "D1"),
            (Order::Set(Setting::BodyType), "D2"),
            (Order::Set(Setting::Height), "D3"),
            (Order::Set(Setting::Age), "D4"),
            (Order::Set(Setting::Number), "D5"),
            (Order::Set(Setting::GoalBodyFat), "D6"),
        ];
        for (order, own) in orders {
            for (_, echo) in orders {
                assert_eq!(
                    order.is_answered_by(&Reply::Echo(echo.as_bytes())),
                    echo == own,
                    "`{echo}` to {order:?}"
                );
            }
        }
        assert!(Order::Cancel.is_answered_by(&Reply::Echo(b"Q")));
        for (_, echo) in orders {
            assert!(!Order::Ask.is_answered_by(&Reply::Echo(echo.as_bytes())));
            assert!(Order::Reset.is_answered_by(&Reply::Echo(echo.as_bytes())));
            assert!(Order::StepOff.is_answered_by(&Reply::Echo(echo.as_bytes())));
        }
    }

    #[test]
    fn orders_without_data_are_these_lines() {
        for (order, line) in [
            (Order::Cancel, &b"q\r\n"[..]),
            (Order::Reset, b"\x1f\r\n"),
            (Order::Enter, b"M1\r\n"),
            (Order::Leave, b"M0\r\n"),
            (Order::Kilograms, b"U0\r\n"),
            (Order::Ask, b"D?\r\n"),
            (Order::Start("G0"), b"G0\r\n"),
            (Order::Weigh, b"F0\r\n"),
            (Order::StepOff, b"F2\r\n"),
        ] {
            assert_eq!(order.bytes(PcDialect::Mc, None).as_deref(), Some(line));
        }
        for setting in Setting::ALL {
            assert_eq!(Order::Set(setting).bytes(PcDialect::Mc, None), None, "of nobody");
        }
    }
}
