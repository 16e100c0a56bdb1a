//! Who can be measured, and what a session refuses.

use scan_model::{Decimal, subject::Subject};
use scanner_protocol::{Command, PcDialect, RecordId, Refused, StartScan, Ticket};

use super::talk::{Talk, person};

fn refusal(dialect: PcDialect, change: impl Fn(&mut StartScan)) -> Option<Refused> {
    let mut start = person();
    change(&mut start);
    Talk::ready(dialect).command(Command::Start(start)).err()
}

fn number(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

#[test]
fn nobody_is_measured_of_whom_something_is_missing() {
    let changes: [fn(&mut Subject); 3] = [
        |subject| subject.gender = None,
        |subject| subject.age = None,
        |subject| subject.height = None,
    ];
    for change in changes {
        let refused = refusal(PcDialect::Mc, |start| change(&mut start.subject));
        assert!(matches!(refused, Some(Refused::Person(_))));
    }
}

#[test]
fn each_value_has_its_range() {
    let heights = [
        ("89.9", false),
        ("90.0", true),
        ("249.9", true),
        ("250", false),
        ("89.96", true),
    ];
    for (height, is_taken) in heights {
        let refused = refusal(PcDialect::Mc, |start| start.subject.height = number(height));
        assert_eq!(refused.is_none(), is_taken, "{height}");
    }
    // The largest number there is: too large for whole centimetres times ten as well.
    for dialect in [PcDialect::Mc, PcDialect::Bc418] {
        for height in ["999999999999999999", "-999999999999999999"] {
            let refused = refusal(dialect, |start| start.subject.height = number(height));
            assert!(matches!(refused, Some(Refused::Person(_))), "{height} {dialect:?}");
        }
    }
    for (age, mc, bc) in [
        ("4", false, false),
        ("5", true, false),
        ("7", true, true),
        ("99.9", true, true),
        ("100", false, false),
    ] {
        for (dialect, is_taken) in [(PcDialect::Mc, mc), (PcDialect::Bc418, bc)] {
            let refused = refusal(dialect, |start| start.subject.age = number(age));
            assert_eq!(refused.is_none(), is_taken, "{age} {dialect:?}");
        }
    }
    for (clothes, is_taken) in [("-0.1", false), ("0", true), ("10", true), ("10.1", false)] {
        let refused = refusal(PcDialect::Mc, |start| start.subject.clothes_weight = number(clothes));
        assert_eq!(refused.is_none(), is_taken, "{clothes}");
    }
    for (goal, is_taken) in [(4, false), (5, true), (99, true), (100, false)] {
        let refused = refusal(PcDialect::Mc, |start| start.goal_body_fat = Some(goal));
        assert_eq!(refused.is_none(), is_taken, "{goal}");
    }
}

#[test]
fn a_session_refuses_what_it_cannot_do_now() {
    let mut talk = Talk::new(PcDialect::Mc);
    assert_eq!(talk.start(), Err(Refused::Offline));
    let mut talk = Talk::ready(PcDialect::Mc);
    let stored = Command::Stored(RecordId("1".to_owned()));
    assert_eq!(talk.command(stored), Err(Refused::NotSupported));
    talk.start().unwrap();
    assert_eq!(talk.start(), Err(Refused::Busy));
    assert_eq!(talk.words(), ["preparing"]);
}

#[test]
fn a_ticket_is_a_number_of_one_to_ten_digits_and_never_zero() {
    assert_eq!(Ticket::from_random(0).number(), 1);
    assert_eq!(Ticket::from_random(9_999_999_998).number(), 9_999_999_999);
    assert_eq!(Ticket::from_random(9_999_999_999).number(), 1);
    assert!(Ticket::from_random(u64::MAX).number() <= 9_999_999_999);
    assert_eq!(format!("{:?}", Ticket::from_random(41)), "Ticket(..)");
}
