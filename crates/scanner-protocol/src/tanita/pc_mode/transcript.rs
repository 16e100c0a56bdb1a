//! What the lines of PC mode say to somebody who takes no part: orders, replies, and records in a line of their own.
//!
//! One direction or both may be seen. An order with a value is told from a reply; an order without one looks like its own echo, and
//! both are taken for it.

use scan_model::Decimal;

use super::{
    faults::Mishap,
    lines::{Lines, Piece},
    order::Setting,
    positional,
    reply::Reply,
};
use crate::{Content, Decoded, DeviceError, Message, Protocol, Rejected};

/// Follows the lines. Records in braces and weights that were asked for are passed over: a session reads them.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    lines: Lines,
    taken: u64,
}

impl Transcript {
    /// What the lines say that end in `bytes`, each with the offset in the stream of its first byte.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Decoded> {
        let mut rest = bytes;
        let mut said = Vec::new();
        while let Some(piece) = self.lines.next(&mut rest) {
            let end = self.taken + (bytes.len() - rest.len()) as u64;
            match piece {
                Piece::Record(_) => {}
                Piece::Reply(line) => self.tell(end.saturating_sub(line.len() as u64 + 1), line, b"\r", &mut said),
                Piece::Broken(broken) => {
                    let begin = end.saturating_sub(broken.length as u64);
                    self.tell_of_rest(begin, broken.line, b"", &mut said);
                }
            }
        }
        self.taken += bytes.len() as u64;
        said
    }

    /// Nothing follows: the last line needs no end, unless it is a record, which may have lost more than that.
    pub(crate) fn close(&mut self) -> Vec<Decoded> {
        let mut said = Vec::new();
        if let Some(broken) = self.lines.close() {
            let begin = self.taken.saturating_sub(broken.length as u64);
            self.tell(begin, broken.line, b"", &mut said);
        }
        said
    }

    /// Bytes of lines that say nothing.
    pub(crate) fn skipped(&self) -> u64 {
        self.lines.skipped()
    }

    fn tell(&mut self, offset: u64, line: Vec<u8>, ending: &[u8], said: &mut Vec<Decoded>) {
        match message(&line) {
            Some(fields) => said.push(unit(offset, Ok(Content::Message(Message { fields })))),
            None if is_weight(&line) => {}
            None => self.tell_of_rest(offset, line, ending, said),
        }
    }

    /// Takes a line that is no reply. It may be a record like the BC-418's, which is a line like any other.
    fn tell_of_rest(&mut self, offset: u64, mut line: Vec<u8>, ending: &[u8], said: &mut Vec<Decoded>) {
        let length = line.len();
        line.extend_from_slice(ending);
        match positional(&line) {
            Some(Ok(mut record)) => {
                Protocol::TanitaPc.name().clone_into(&mut record.protocol);
                said.push(unit(offset, Ok(Content::Record(Box::new(record)))));
            }
            Some(Err(fault)) => {
                line.truncate(length);
                said.push(unit(offset, Err(fault.rejecting(line))));
            }
            None => self.lines.skip(length),
        }
    }
}

fn unit(offset: u64, outcome: Result<Content, Rejected>) -> Decoded {
    Decoded {
        offset,
        protocol: Protocol::TanitaPc,
        outcome,
    }
}

/// What a line says that is an order or a reply.
fn message(line: &[u8]) -> Option<Vec<(&'static str, String)>> {
    let result = |word: &str| vec![("result", word.to_owned())];
    let fields = match Reply::parse(line) {
        Reply::Refused => result("rejected_command"),
        Reply::BadValue(digit) => [result("parameter_error"), command(digit)].concat(),
        Reply::Busy => result("busy"),
        Reply::Working => result("working"),
        Reply::Error(digit) => {
            let error = DeviceError::from(Mishap::reported(digit));
            [
                result("error"),
                vec![("code", error.code), ("meaning", error.name.to_owned())],
            ]
            .concat()
        }
        Reply::Settings(_) if line.contains(&b',') => [result("parameters"), parameters(line)].concat(),
        Reply::Zeroing => result("zeroing"),
        Reply::LiveWeight { .. } => vec![("result", "live_weight".to_owned()), ("shown", text(&line[1..]))],
        Reply::Impedance => result("measuring_impedance"),
        Reply::Echo([b'D', digit]) => [result("ack"), command(*digit)].concat(),
        Reply::Echo(order) => vec![("result", "ack".to_owned()), ("command", name(order).to_owned())],
        Reply::Weight(_) => return None,
        Reply::Settings(_) | Reply::Other => match line {
            b"D?" => vec![("order", "query_parameters".to_owned())],
            [b'D', digit, value @ ..] if setting(*digit).is_some() && !value.is_empty() && value.len() <= 12 => {
                order(*digit, value)
            }
            _ => return None,
        },
    };
    Some(fields)
}

fn is_weight(line: &[u8]) -> bool {
    matches!(Reply::parse(line), Reply::Weight(_))
}

fn command(digit: u8) -> Vec<(&'static str, String)> {
    let name = setting(digit).map_or("unknown", |setting| ABOUT[setting as usize].name);
    vec![("command", name.to_owned())]
}

/// What is known of an order that sets one of the person's data.
struct About {
    name: &'static str,
    unit: Option<&'static str>,
    /// Its key in the answer to `D?`.
    key: &'static str,
}

/// By the digit of the order.
const ABOUT: [About; Setting::ALL.len()] = [
    about("preset_tare", Some("kg"), "preset_tare_kg"),
    about("sex", None, "sex"),
    about("body_type", None, "body_type"),
    about("height", Some("cm"), "height_cm"),
    about("age", None, "age"),
    about("result_number", None, "result_number"),
    about("goal_body_fat", Some("%"), "goal_body_fat_percent"),
];

const fn about(name: &'static str, unit: Option<&'static str>, key: &'static str) -> About {
    About { name, unit, key }
}

fn setting(digit: u8) -> Option<Setting> {
    Setting::ALL.into_iter().find(|setting| setting.digit() == digit)
}

fn order(digit: u8, value: &[u8]) -> Vec<(&'static str, String)> {
    let Some(setting) = setting(digit) else {
        return Vec::new();
    };
    let About { name, unit, .. } = ABOUT[setting as usize];
    let mut fields = vec![("order", name.to_owned()), ("value", meant(setting, value))];
    fields.extend(unit.map(|unit| ("unit", unit.to_owned())));
    fields
}

/// The items of the answer to `D?`, in its order.
fn parameters(line: &[u8]) -> Vec<(&'static str, String)> {
    let items = line.split(|&byte| byte == b',');
    let field = |item: &[u8]| {
        let [b'D', digit, value @ ..] = item else { return None };
        let setting = setting(*digit)?;
        let value = if value == b"!" {
            "unset".to_owned()
        } else {
            meant(setting, value)
        };
        Some((ABOUT[setting as usize].key, value))
    };
    items.filter_map(field).collect()
}

/// A value as people say it: words for codes, numbers without the zeros before them. The number of a result keeps them.
fn meant(setting: Setting, value: &[u8]) -> String {
    let word = match (setting, value) {
        (Setting::Sex, b"1") => Some("male"),
        (Setting::Sex, b"2") => Some("female"),
        (Setting::BodyType, b"0") => Some("standard"),
        (Setting::BodyType, b"2") => Some("athlete"),
        _ => None,
    };
    let number = || Decimal::parse(value).ok().filter(|_| setting != Setting::Number);
    match word {
        Some(word) => word.to_owned(),
        None => number().map_or_else(|| text(value), |number| number.to_string()),
    }
}

fn name(order: &[u8]) -> &'static str {
    match order {
        b"M1" => "enter_pc_mode",
        b"M0" => "leave_pc_mode",
        b"q" | b"Q" => "cancel",
        b"F0" => "weigh",
        b"F2" => "wait_for_step_off",
        [b'U', ..] => "units",
        [b'G', ..] => "measure",
        _ => "unknown",
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut transcript = Transcript::default();
        let mut all = transcript.take(bytes);
        all.extend(transcript.close());
        let line = |outcome| match outcome {
            Ok(Content::Message(message)) => {
                let fields = message.fields.iter().map(|(name, value)| format!("{name}={value}"));
                fields.collect::<Vec<_>>().join(" ")
            }
            Ok(Content::Record(record)) => format!("record of {} values", record.measurements.len()),
            Ok(Content::Weight(_)) => "weight".to_owned(),
            Err(Rejected { reason, raw, .. }) => format!("{reason} in {} bytes", raw.len()),
        };
        all.into_iter().map(|unit| (unit.offset, line(unit.outcome))).collect()
    }

    #[test]
    fn both_directions_of_a_conversation_are_told_in_order() {
        let heard = said(
            b"M1\r\nD3175.4\r\nD3\r\nzzz\r\nD?\r\nD000.0,D1!,D50000012345\r\n@\r\n#\r\nW1 80.5\r\nI0\r\nF080.5\r\nE2",
        );
        let expected = [
            (0, "result=ack command=enter_pc_mode"),
            (4, "order=height value=175.4 unit=cm"),
            (13, "result=ack command=height"),
            (22, "order=query_parameters"),
            (
                26,
                "result=parameters preset_tare_kg=0.0 sex=unset result_number=0000012345",
            ),
            (51, "result=working"),
            (54, "result=busy"),
            (57, "result=live_weight shown=1 80.5"),
            (66, "result=measuring_impedance"),
            (78, "result=error code=E2 meaning=impedance_error"),
        ];
        assert_eq!(heard, expected.map(|(offset, line)| (offset, line.to_owned())));
    }

    #[test]
    fn every_line_that_the_instructions_know_has_its_words() {
        for (line, words) in [
            ("!", "result=rejected_command"),
            ("D3!", "result=parameter_error command=height"),
            ("D9!", "result=parameter_error command=unknown"),
            ("z0", "result=zeroing"),
            ("z1", "result=zeroing"),
            ("W00.0", "result=live_weight shown=00.0"),
            ("E0", "result=error code=E0 meaning=internal_fault"),
            ("E9", "result=error code=E9 meaning=negative_overload"),
            ("M1", "result=ack command=enter_pc_mode"),
            ("M0", "result=ack command=leave_pc_mode"),
            ("M5", "result=ack command=unknown"),
            ("q", "result=ack command=cancel"),
            ("Q", "result=ack command=cancel"),
            ("U0", "result=ack command=units"),
            ("G", "result=ack command=measure"),
            ("G1", "result=ack command=measure"),
            ("F0", "result=ack command=weigh"),
            ("F2", "result=ack command=wait_for_step_off"),
            ("D0", "result=ack command=preset_tare"),
            ("D1", "result=ack command=sex"),
            ("D2", "result=ack command=body_type"),
            ("D3", "result=ack command=height"),
            ("D4", "result=ack command=age"),
            ("D5", "result=ack command=result_number"),
            ("D6", "result=ack command=goal_body_fat"),
            ("D7", "result=ack command=unknown"),
            ("D001.5", "order=preset_tare value=1.5 unit=kg"),
            ("D11", "order=sex value=male"),
            ("D12", "order=sex value=female"),
            ("D13", "order=sex value=3"),
            ("D20", "order=body_type value=standard"),
            ("D22", "order=body_type value=athlete"),
            ("D21", "order=body_type value=1"),
            ("D300090", "order=height value=90 unit=cm"),
            ("D405", "order=age value=5"),
            ("D50000004711", "order=result_number value=0000004711"),
            ("D5\"0000004711\"", "order=result_number value=\"0000004711\""),
            ("D620", "order=goal_body_fat value=20 unit=%"),
            ("D?", "order=query_parameters"),
            (
                "D01.5,D12,D22,D3175.4,D430,D50000012345,D620",
                "result=parameters preset_tare_kg=1.5 sex=female body_type=athlete height_cm=175.4 age=30 \
                 result_number=0000012345 goal_body_fat_percent=20",
            ),
            ("D1!,D6!", "result=parameters sex=unset goal_body_fat_percent=unset"),
        ] {
            assert_eq!(said(line.as_bytes()), [(0, words.to_owned())], "{line}");
        }
    }

    #[test]
    fn lines_keep_their_places_in_pieces_of_any_size() {
        let bytes = b"M1\r\nF080.5\r\n{0,16,CS,00\r\nzzz\r\nE2\r\nD3";
        for size in 1..=bytes.len() {
            let mut transcript = Transcript::default();
            let mut places: Vec<_> = bytes.chunks(size).flat_map(|piece| transcript.take(piece)).collect();
            places.extend(transcript.close());
            let places: Vec<_> = places.into_iter().map(|unit| unit.offset).collect();
            assert_eq!(places, [0, 30, 34], "in pieces of {size}");
            assert_eq!(transcript.skipped(), 3, "a weight that was asked for is no noise");
        }
    }

    /// As of a BC-418.
    fn positional_record() -> String {
        format!("\"05/03/24\",\"09:07\",0,1{}", ",70.5".repeat(34))
    }

    #[test]
    fn a_record_without_braces_is_a_line_like_any_other() {
        let record = positional_record();
        let heard = said(format!("@\r\n{record}\r\n").as_bytes());
        assert_eq!(heard.len(), 2);
        assert!(heard[1].0 == 3 && heard[1].1.starts_with("record of "), "{heard:?}");
    }

    #[test]
    fn a_record_without_braces_that_is_cut_off_or_spoilt_is_set_aside() {
        let record = positional_record();
        assert_eq!(said(record.as_bytes()), [(0, "truncated in 192 bytes".to_owned())]);
        let cut = said(format!("@\r\n{}{{0,16,CS,00\r\n", &record[..30]).as_bytes());
        assert_eq!(cut[1], (3, "truncated in 30 bytes".to_owned()));
        let spoilt = record.replacen("70.5", "7x.5", 1) + "\r\n";
        assert_eq!(said(spoilt.as_bytes()), [(0, "illegal_byte in 192 bytes".to_owned())]);
        let other_model = "0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,38.3,9771\r\n";
        assert_eq!(
            said(other_model.as_bytes()),
            [(0, "wrong_field_count in 50 bytes".to_owned())]
        );
        let long = "1,".repeat(300) + "\r\n";
        assert_eq!(said(long.as_bytes()), [(0, "line_too_long in 512 bytes".to_owned())]);
    }

    #[test]
    fn no_order_is_longer_than_a_number_in_quotes() {
        assert_eq!(said(b"D5\"0000004711\"").len(), 1);
        assert_eq!(said(b"D5\"00000047110\"").len(), 0);
        assert_eq!(said(b"D71").len(), 0, "nothing is the seventh datum");
    }

    #[test]
    fn bytes_that_say_nothing_are_counted() {
        let mut transcript = Transcript::default();
        assert!(transcript.take(b"K9\r\nD9\x00\r\n\xff").is_empty());
        assert!(transcript.close().is_empty());
        assert_eq!(transcript.skipped(), 6);
    }
}
