//! Adam MUW and similar printing scales: a block of labelled lines for each press of the print key. Each line can be switched off,
//! and nothing marks the end of a block but the silence behind it.

use std::time::Duration;

use scan_model::{Metric, Record, Unit, consistency, record::Measurement};

use crate::{
    Protocol, RejectReason,
    fault::Fault,
    scales::{
        labelled::{finished, lines, unfinished},
        unsigned,
    },
    stream::{Front, Grammar, Head, Rest, Weighing, any_of},
};

pub(crate) static ADAM: Grammar = Grammar {
    protocol: Protocol::Adam,
    maker: Some("Adam"),
    head: Head::new(&[any_of(b"DPWHB"), any_of(b"oaeM")]),
    line_start_only: true,
    longest: 512,
    silence: Duration::from_millis(500),
    scan,
    weighing: Weighing::Printed,
    request: None,
};

const DOCTOR: &[u8] = b"Doctor Id";
const PATIENT: &[u8] = b"Patient Id";
const WEIGHT: &[u8] = b"Weight";
const HEIGHT: &[u8] = b"Height";
const BMI: &[u8] = b"BMI";
/// The published labels, in the order in which they come. A scale sends up to six lines; what the sixth is called is not published, so it
/// is kept and not read.
const LABELS: [&[u8]; 5] = [DOCTOR, PATIENT, WEIGHT, HEIGHT, BMI];
const MOST_LINES: usize = 6;

/// The labels and values of a record.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&str, &str)> {
    let text = |bytes| str::from_utf8(bytes).ok();
    lines(raw)
        .filter_map(|(_, line)| pair(line))
        .filter_map(|(label, value)| Some((text(label)?, text(value)?)))
        .collect()
}

fn scan(bytes: &[u8], rest: Rest) -> Front {
    if !LABELS.iter().any(|label| begins_label(bytes, label)) {
        return Front::No;
    }
    let mut seen = [&b""[..]; MOST_LINES];
    let mut end = 0;
    for ((at, line), place) in lines(bytes).zip(0..) {
        let is_next = pair(line).is_some_and(|(label, _)| place < MOST_LINES && follows(label, &seen[..place]));
        if !is_next {
            return finished(bytes, end, decode);
        }
        if let Some((label, _)) = pair(line) {
            seen[place] = label;
        }
        end = at + line.len() + 1;
    }
    unfinished(bytes, end, bytes[end..].contains(&b':'), rest, decode)
}

/// Whether a line with `label` goes on with a block of these. One that comes again, or that stands before one of them in the order of the
/// scale, is the next person's: no silence is seen between blocks that are read together.
fn follows(label: &[u8], seen: &[&[u8]]) -> bool {
    let place = |label: &[u8]| LABELS.iter().position(|known| *known == label);
    let in_order = |earlier: &&[u8]| place(label).is_none() || place(earlier) < place(label);
    !seen.contains(&label) && seen.iter().all(in_order)
}

/// Whether `bytes` are `label` and a colon, or the beginning of that.
fn begins_label(bytes: &[u8], label: &[u8]) -> bool {
    let length = bytes.len().min(label.len());
    bytes[..length] == label[..length] && bytes.get(label.len()).is_none_or(|&byte| byte == b':')
}

fn pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let printable = line.iter().all(|byte| (0x20..=0x7e).contains(byte));
    (printable && colon > 0).then(|| (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
}

fn decode(block: &[u8]) -> Result<Record, Fault> {
    let mut record = Record::new(Protocol::Adam.name(), ADAM.maker, block);
    let mut damaged = None;
    for (at, line) in lines(block) {
        let Some((label, value)) = pair(line) else { continue };
        let fault = |reason, detail| Fault::new(reason, at, detail);
        let mut words = value.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let (number, unit) = (words.next().and_then(unsigned), words.next());
        let (metric, value, unit) = match (label, number) {
            (WEIGHT, Some(value)) => {
                let unit = match unit {
                    Some(b"kg") => Unit::Kilogram,
                    Some(b"lb" | b"lbs") => Unit::Pound,
                    _ => return Err(fault(RejectReason::UnknownUnits, "neither kilograms nor pounds")),
                };
                (Metric::BODY_WEIGHT, value, unit)
            }
            (WEIGHT, None) => return Err(fault(RejectReason::BadNumber, "the weight is no number")),
            (HEIGHT, Some(value)) => {
                let unit = match unit {
                    Some(b"cm") => Unit::Centimetre,
                    Some(b"in") => Unit::Inch,
                    // As in `5 ft 11`.
                    _ => continue,
                };
                record.subject.height = unit.to_metric(value).map(|(height, _)| height);
                (Metric::HEIGHT, value, unit)
            }
            (BMI, Some(value)) => (
                const { Metric::named("body_mass_index") },
                value,
                Unit::KilogramPerSquareMetre,
            ),
            // The weight must not be lost with them.
            (HEIGHT | BMI, None) if is_not_for_us(value) => continue,
            (HEIGHT | BMI, None) => return Err(fault(RejectReason::BadNumber, "a labelled value is no number")),
            (PATIENT, _) => {
                record.subject.number = str::from_utf8(value).ok().map(str::to_owned);
                continue;
            }
            (other, _) => {
                if LABELS.iter().any(|known| is_one_byte_off(other, known)) {
                    damaged = Some(at);
                }
                continue;
            }
        };
        record.measurements.push(Measurement { metric, value, unit });
    }
    // Its line may be the one whose label was damaged.
    if record.get(Metric::BODY_WEIGHT).is_none() {
        return Err(Fault::new(RejectReason::BadFrame, 0, "the block has no weight"));
    }
    // Without the line of a patient the weight would be anybody's.
    if let Some(at) = damaged {
        let detail = "a label is a known one but for one byte, and may be damaged";
        return Err(Fault::new(RejectReason::BadFrame, at, detail));
    }
    consistency::check(&mut record);
    Ok(record)
}

/// Whether a value is none, blanks or dashes, or feet and inches, whose form no page shows.
fn is_not_for_us(value: &[u8]) -> bool {
    let is_dash = |byte: &u8| matches!(byte, b'-' | b'.' | b' ');
    value.iter().all(is_dash) || value.iter().skip(1).any(|byte| matches!(byte, b'\'' | b'-'))
}

/// Whether `label` is `known` with one byte changed, lost or added.
fn is_one_byte_off(label: &[u8], known: &[u8]) -> bool {
    let alike = label.iter().zip(known).take_while(|(a, b)| a == b).count();
    let (label, known) = (&label[alike..], &known[alike..]);
    let alike = label.iter().rev().zip(known.iter().rev()).take_while(|(a, b)| a == b);
    label.len().max(known.len()) - alike.count() == 1
}
