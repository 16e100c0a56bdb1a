//! A session against a simulated scanner, which was written without the parsers, in virtual time.

use std::time::Duration;

use scan_model::{Flag, Metric};
use scanner_protocol::{Command, Event, LineEvent, Options, PcDialect, Protocol, Session, StartScan, Tick};
use scansim::tanita_pc::{Act, PcModel, Quirks, TanitaPc, Tempo};

use super::talk::person;
use crate::{MILLISECOND, SECOND};

/// What one byte takes at 9600 baud, in microseconds.
const BYTE: u64 = 1042;

/// A session and a simulated scanner at the two ends of a wire.
struct Pair {
    session: Session,
    device: TanitaPc,
    now: u64,
    events: Vec<Event>,
}

impl Pair {
    fn new(model: PcModel, acts: &[Act], quirks: Quirks) -> Self {
        let options = Options {
            pc_dialect: PcDialect::of_model(model.name()).unwrap(),
            ..Options::default()
        };
        let mut pair = Self {
            session: Session::new(Protocol::TanitaPc, options),
            device: TanitaPc::new(model, quirks, Tempo::default(), acts, 805),
            now: 0,
            events: Vec::new(),
        };
        pair.session.handle_line(Tick(0), LineEvent::Up);
        pair.run(10);
        pair
    }

    /// Lets both go on for so many seconds.
    fn run(&mut self, seconds: u64) {
        let end = self.now + seconds * SECOND;
        while self.now < end {
            self.exchange();
            let acts = self.device.next_act().map(|at| at.as_micros().try_into().unwrap());
            let waits = self.session.poll_timeout().map(|tick| tick.0);
            self.now = [acts, waits, Some(end)]
                .into_iter()
                .flatten()
                .min()
                .unwrap()
                .max(self.now);
            self.session.handle_timeout(Tick(self.now));
        }
        self.exchange();
    }

    /// Carries bytes from end to end until nobody has any, each at its time on the wire.
    fn exchange(&mut self) {
        loop {
            while let Some(event) = self.session.poll_event() {
                self.events.push(event);
            }
            if let Some(order) = self.session.poll_transmit() {
                self.now += order.0.len() as u64 * BYTE;
                self.session.handle_sent(Tick(self.now));
                self.device.receive(Duration::from_micros(self.now), &order.0);
            } else if let Some(line) = self.device.send(Duration::from_micros(self.now)) {
                for byte in line {
                    self.now += BYTE;
                    self.session.handle_bytes(Tick(self.now), &[byte]);
                }
            } else {
                return;
            }
        }
    }

    fn start(&mut self, start: StartScan) {
        self.events.clear();
        self.session
            .handle_command(Tick(self.now), Command::Start(start))
            .expect("the scanner is ready");
    }

    /// The words of what was reported; see [`super::talk::Talk::words`].
    fn words(&mut self) -> Vec<String> {
        super::talk::words(std::mem::take(&mut self.events))
    }

    fn assert_nothing_stays_and_no_rule_was_broken(&self, context: impl std::fmt::Display) {
        assert!(!self.device.holds_data(), "{context}");
        assert_eq!(self.device.violations(), [], "{context}");
    }
}

/// The quirks that a device may have and still be spoken to.
fn quirks() -> [Quirks; 4] {
    let none = Quirks::default();
    [
        none,
        Quirks {
            keeps_data: true,
            ..none
        },
        Quirks {
            keeps_data: true,
            tells_no_data: true,
            ..none
        },
        Quirks { busy: 2, ..none },
    ]
}

#[test]
fn every_model_with_every_quirk_measures_one_person_after_the_other() {
    for model in PcModel::ALL {
        for quirks in quirks() {
            let context = format!("{model} {quirks:?}");
            let mut pair = Pair::new(model, &[], quirks);
            for _ in 0..3 {
                pair.start(person());
                pair.run(60);
                let records: Vec<_> = pair
                    .events
                    .iter()
                    .filter_map(|event| match event {
                        Event::Record(record) => Some(record),
                        _ => None,
                    })
                    .collect();
                let [record] = records[..] else {
                    panic!("{context}: {:?}", pair.events)
                };
                assert_eq!(record.flags, [], "{context}");
                assert_eq!(
                    record.get(Metric::BODY_WEIGHT).unwrap().value.to_string(),
                    "80.5",
                    "{context}"
                );
                pair.assert_nothing_stays_and_no_rule_was_broken(&context);
            }
            pair.run(300);
            // The BC-418 has no way of its own out of PC mode but the reset.
            assert_eq!(pair.device.is_in_pc_mode(), model == PcModel::Bc418, "{context}");
        }
    }
}

#[test]
fn a_dc_320_shows_every_stage() {
    let mut pair = Pair::new(PcModel::Dc320, &[], Quirks::default());
    pair.start(person());
    pair.run(60);
    assert_eq!(
        pair.words(),
        [
            "preparing",
            "prompt",
            "waiting_for_member",
            "weighing",
            "measuring",
            "reading_results",
            "record"
        ]
    );
}

#[test]
fn whatever_people_do_has_its_name_and_the_next_scan_works() {
    let acts = [
        (Act::TooEarly, "E3 zero_point_error"),
        (Act::Overload, "E1 scale_overload"),
        (Act::BadContact, "E2 impedance_error"),
        (Act::StepsOff, "E2 impedance_error"),
        (Act::Lifts, "E9 negative_overload"),
        (Act::WrongDataOnce, "record"),
        (Act::NeverComes, "no_result"),
        (Act::StaysOn, "record"),
        (Act::SomebodyElse, "record?"),
        (Act::DamagedResult, "rejected"),
        (Act::InternalFault, "E0 internal_fault"),
        (Act::ForgetsData, "record"),
        (Act::MemoryFault, "E8 settings_memory_error"),
    ];
    for model in [PcModel::Mc780, PcModel::Dc430, PcModel::Dc320] {
        for quirks in quirks() {
            for (act, end) in acts {
                let context = format!("{act} on {model} {quirks:?}");
                let mut pair = Pair::new(model, &[act, Act::StepsOn], quirks);
                pair.start(person());
                pair.run(180);
                let words = pair.words();
                assert_eq!(words.last().map(String::as_str), Some(end), "{context}: {words:?}");
                pair.assert_nothing_stays_and_no_rule_was_broken(&context);
                pair.start(person());
                pair.run(60);
                assert_eq!(pair.words().last().map(String::as_str), Some("record"), "{context}");
                pair.assert_nothing_stays_and_no_rule_was_broken(&context);
            }
        }
    }
}

#[test]
fn nobodys_data_stay_in_a_dc_320_though_somebody_or_a_bag_stays_on_it() {
    let mut pair = Pair::new(PcModel::Dc320, &[Act::StaysOn, Act::StepsOn], Quirks::default());
    pair.start(person());
    pair.run(30);
    assert_eq!(pair.words().last().map(String::as_str), Some("record"));
    // The platform is not free before a minute and a half after the result, and the device says so all the time.
    pair.run(60);
    pair.assert_nothing_stays_and_no_rule_was_broken("a bag");
    pair.start(person());
    pair.run(60);
    assert_eq!(pair.words().last().map(String::as_str), Some("record"));
}

#[test]
fn data_that_never_fit_end_in_an_error_or_in_a_weight_alone() {
    let mut pair = Pair::new(PcModel::Mc780, &[Act::WrongData], Quirks::default());
    pair.start(person());
    pair.run(180);
    assert_eq!(pair.words().last().unwrap(), "E7 body_fat_calculation_error");
    pair.assert_nothing_stays_and_no_rule_was_broken("MC-780");

    let mut pair = Pair::new(PcModel::Dc320, &[Act::WrongData], Quirks::default());
    pair.start(person());
    pair.run(180);
    let Some(Event::Record(record)) = pair.events.pop() else {
        panic!("no record")
    };
    assert_eq!(
        (record.measurements.len(), record.flags.contains(&Flag::SubjectMismatch)),
        (1, false)
    );
    pair.assert_nothing_stays_and_no_rule_was_broken("DC-320");
}

#[test]
fn a_scanner_that_is_switched_off_and_on_is_found_again() {
    for quiet in [1, 20, 40] {
        let mut pair = Pair::new(PcModel::Mc780, &[], Quirks::default());
        pair.start(person());
        pair.run(quiet);
        pair.device.power_cycle();
        pair.run(200);
        pair.start(person());
        pair.run(60);
        assert_eq!(
            pair.words().last().map(String::as_str),
            Some("record"),
            "after {quiet} s"
        );
        pair.assert_nothing_stays_and_no_rule_was_broken(quiet);
    }
}

#[test]
fn a_deaf_scanner_is_left_alone() {
    let deaf = Quirks {
        deaf: true,
        ..Quirks::default()
    };
    let mut pair = Pair::new(PcModel::Mc780, &[], deaf);
    pair.run(3600);
    assert_eq!(pair.session.poll_timeout(), None);
    assert_eq!(pair.words(), [""; 0]);
    assert!(pair.now > 3600 * SECOND + MILLISECOND);
}
