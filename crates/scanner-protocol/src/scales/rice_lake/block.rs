//! What a Rice Lake scale prints while it shows the body mass index: a line for each weight, the height and the index.
//!
//! ```text
//! GROSS WEIGHT 215.0 LB
//! TARE WEIGHT 0.0 LB
//! NET WEIGHT 215.0 LB
//! PATIENT HEIGHT 6-01.0 FT
//! PATIENT BMI 28.4
//! ```
//!
//! The person is the net weight: what is tared is a wheelchair or a blanket. Nothing marks the end of a block that leaves out a line but the
//! silence behind it.

use scan_model::{Decimal, Metric, Record, Unit, consistency, record::Measurement, subject::Subject};

use super::RICE_LAKE;
use crate::{
    Protocol, RejectReason,
    fault::Fault,
    scales::{
        labelled::{finished, lines, unfinished},
        unsigned,
    },
    stream::{Front, Rest},
};

const HEIGHT: &str = "PATIENT HEIGHT";
const INDEX: &str = "PATIENT BMI";
const TARE: &str = "TARE WEIGHT";
/// In the order in which they come; the first of them are weights.
const LABELS: [&str; 5] = ["GROSS WEIGHT", TARE, "NET WEIGHT", HEIGHT, INDEX];
const WEIGHTS: usize = 3;
/// The three weights are rounded one by one, to the steps of the display: 0.2 pounds or 0.1 kilograms.
const ROUNDING: Decimal = Decimal::new(2, 1);

/// The labels and values of a record; nothing of a weight line.
pub(crate) fn raw_tags(raw: &[u8]) -> Vec<(&str, &str)> {
    let text = |bytes| str::from_utf8(bytes).ok();
    let pairs = lines(raw).filter_map(|(_, line)| {
        let label = LABELS[label(line)?].len();
        Some((text(&line[..label])?, text(line[label..].trim_ascii())?))
    });
    pairs.collect()
}

pub(super) fn scan(bytes: &[u8], rest: Rest) -> Front {
    let (mut next, mut end) = (0, 0);
    for (at, line) in lines(bytes) {
        match label(line) {
            Some(place) if place >= next => next = place + 1,
            // A label that comes again, or before its turn, is the next person's.
            _ => return finished(bytes, end, decode),
        }
        end = at + line.len() + 1;
    }
    let tail = bytes[end..].trim_ascii_start();
    if !LABELS[next..].iter().any(|label| begins(tail, label)) {
        return finished(bytes, end, decode);
    }
    unfinished(bytes, end, label(tail).is_some(), rest, decode)
}

/// Whether `text` is a label and a blank, or the beginning of that. Manuals differ in capitals.
fn begins(text: &[u8], label: &str) -> bool {
    let length = text.len().min(label.len());
    text[..length].eq_ignore_ascii_case(&label.as_bytes()[..length])
        && text.get(label.len()).is_none_or(|&byte| byte == b' ')
}

/// Which label a line has.
fn label(line: &[u8]) -> Option<usize> {
    let is_text = line.iter().all(|byte| (0x20..=0x7e).contains(byte));
    let place = LABELS
        .iter()
        .position(|label| line.len() > label.len() && begins(line, label));
    place.filter(|_| is_text)
}

fn decode(block: &[u8]) -> Result<Record, Fault> {
    let mut weights = [None; WEIGHTS];
    let mut measurements = Vec::new();
    for (at, line) in lines(block) {
        let Some(place) = label(line) else { continue };
        let label = LABELS[place];
        let fault = |reason, detail| Fault::new(reason, at, detail);
        let mut words = line[label.len()..]
            .split(|&byte| byte == b' ')
            .filter(|word| !word.is_empty());
        let (value, unit) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let number = || {
            // What stands on the platform weighs something; a scale may show what it deducts with a sign.
            let number = if label == TARE {
                Decimal::parse(value).ok()
            } else {
                unsigned(value)
            };
            number.ok_or_else(|| fault(RejectReason::BadNumber, "a labelled value is no number"))
        };
        match label {
            HEIGHT => measurements.extend(height(value, unit)),
            INDEX => measurements.push(Measurement {
                metric: const { Metric::named("body_mass_index") },
                value: number()?,
                unit: Unit::KilogramPerSquareMetre,
            }),
            _ => {
                let unit = match unit {
                    b"kg" | b"KG" => Unit::Kilogram,
                    b"lb" | b"LB" => Unit::Pound,
                    _ => return Err(fault(RejectReason::UnknownUnits, "neither kilograms nor pounds")),
                };
                weights[place] = Some((number()?, unit));
            }
        }
    }
    measurements.insert(0, person(weights)?);
    let height = measurements.iter().find(|sent| sent.metric == Metric::HEIGHT);
    let mut record = Record {
        subject: Subject {
            height: height
                .and_then(|sent| sent.unit.to_metric(sent.value))
                .map(|(value, _)| value),
            ..Subject::default()
        },
        measurements,
        ..Record::new(Protocol::RiceLake.name(), RICE_LAKE.maker, block)
    };
    consistency::check(&mut record);
    Ok(record)
}

/// The net weight of a block with these weights (gross, tare, net), unless the others contradict it.
fn person(weights: [Option<(Decimal, Unit)>; WEIGHTS]) -> Result<Measurement, Fault> {
    let fault = |detail| Fault::new(RejectReason::BadFrame, 0, detail);
    let [gross, tare, net] = weights;
    let (value, unit) = net.ok_or_else(|| fault("the block has no net weight"))?;
    if [gross, tare].into_iter().flatten().any(|(_, other)| other != unit) {
        return Err(fault("the weights have different units"));
    }
    if let (Some((gross, _)), Some((tare, _))) = (gross, tare)
        && !is_difference(value, gross, tare)
    {
        return Err(fault("gross less tare is not the net weight"));
    }
    Ok(Measurement {
        metric: Metric::BODY_WEIGHT,
        value,
        unit,
    })
}

/// Whether `net` is `gross` less `tare`, but for rounding.
fn is_difference(net: Decimal, gross: Decimal, tare: Decimal) -> bool {
    let scale = [net, gross, tare, ROUNDING]
        .map(Decimal::scale)
        .into_iter()
        .max()
        .unwrap_or(0);
    let aligned = |value: Decimal| value.converted(Decimal::from(1), scale).map(Decimal::mantissa);
    match (aligned(net), aligned(gross), aligned(tare), aligned(ROUNDING)) {
        (Some(net), Some(gross), Some(tare), Some(rounding)) => (gross - tare).abs_diff(net) <= rounding.unsigned_abs(),
        _ => false,
    }
}

/// `6-01.0 FT` is six feet and one inch. A height in words that no page shows is left out: the weight must not be lost with it.
fn height(value: &[u8], unit: &[u8]) -> Option<Measurement> {
    let (value, unit) = match unit.to_ascii_uppercase().as_slice() {
        b"FT" | b"FT-IN" => (inches(value)?, Unit::Inch),
        b"IN" => (unsigned(value)?, Unit::Inch),
        b"CM" => (unsigned(value)?, Unit::Centimetre),
        _ => return None,
    };
    Some(Measurement {
        metric: Metric::HEIGHT,
        value,
        unit,
    })
}

fn inches(feet_and_inches: &[u8]) -> Option<Decimal> {
    let dash = feet_and_inches.iter().position(|&byte| byte == b'-')?;
    let feet = unsigned(&feet_and_inches[..dash]).filter(|feet| feet.scale() == 0 && feet.mantissa() < 10)?;
    let inches = unsigned(&feet_and_inches[dash + 1..])?;
    let foot = Decimal::from(12)
        .converted(Decimal::from(1), inches.scale())?
        .mantissa();
    (inches.mantissa() < foot).then(|| Decimal::new(feet.mantissa() * foot + inches.mantissa(), inches.scale()))
}
