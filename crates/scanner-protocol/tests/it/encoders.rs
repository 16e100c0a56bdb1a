//! What a small writer of each format writes, the family reads: values, signs, units and states.

use proptest::prelude::*;
use scan_model::{DeviceTime, Metric, Record};
use scanner_protocol::{Content, Event, Protocol, Weight, decode_all};

use crate::heard_by;

/// Tenths of a kilogram, as text with one decimal.
fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn weight(protocol: Protocol, bytes: &[u8]) -> Weight {
    match &decode_all(protocol, bytes)[..] {
        [unit] => match &unit.outcome {
            Ok(Content::Weight(weight)) => weight.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn record(protocol: Protocol, bytes: &[u8]) -> Record {
    match &decode_all(protocol, bytes)[..] {
        [unit] => match &unit.outcome {
            Ok(Content::Record(record)) => (**record).clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn value(record: &Record, name: &str) -> Option<String> {
    record
        .get(name.parse::<Metric>().unwrap())
        .map(|sent| sent.value.to_string())
}

proptest! {
    #[test]
    fn fixed_columns(value in 0..2500_u32, stable in any::<bool>(), pounds in any::<bool>()) {
        let shown = tenths(value);
        let unit = if pounds { "lb" } else { "kg" };
        let wb = weight(Protocol::TanitaWb, format!("S{}  {shown:>6}{unit}\r\n", if stable { ' ' } else { 'D' }).as_bytes());
        let letter = if pounds { 'L' } else { 'K' };
        let state = if stable { 'S' } else { 'D' };
        let output = weight(Protocol::TanitaWeight, format!("{letter}{state}{shown:0>5}\r\n").as_bytes());
        for read in [wb, output] {
            prop_assert_eq!(read.value.unwrap().to_string(), shown.as_str());
            prop_assert_eq!((read.stable, read.overload), (stable, false));
            prop_assert_eq!(read.unit == "kg", !pounds);
        }
    }

    #[test]
    fn and_lines(value in 0..25_000_u32, stable in any::<bool>(), negative in any::<bool>(), mode in 0..4_usize) {
        let shown = format!("{}.{:02}", value / 100, value % 100);
        let sign = if negative { '-' } else { '+' };
        let header = if stable { "ST" } else { "US" };
        let standard = format!("{header},{sign}{shown:0>8} kg\r\n");
        let (word, name) = [("GS", "gross"), ("NT", "net"), ("TR", "tare"), ("PT", "preset_tare")][mode];
        let indicator = format!("{header},{word},{sign}{shown:0>7}kg\r\n");
        let expected = if negative && value > 0 { format!("-{shown}") } else { shown };
        for (line, mode) in [(standard, None), (indicator, Some(name))] {
            let read = weight(Protocol::And, line.as_bytes());
            prop_assert_eq!(read.value.unwrap().to_string(), expected.as_str());
            prop_assert_eq!((read.stable, read.mode.map(|mode| mode.name())), (stable, mode));
        }
    }

    #[test]
    fn toledo_frames(
        value in 0..1_000_000_u32, tare in 0..1_000_000_u32, point in 2..=7_u8, status in 0..32_u8,
        parity in any::<bool>(), checked in any::<bool>(),
    ) {
        let mut frame = vec![2, 0x28 | point, 0x20 | status & !0b100, 0x20];
        frame.extend(format!("{value:>6}{tare:>6}\r").bytes());
        if checked {
            frame.push(frame.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte)).wrapping_neg() & 0x7f);
        }
        if parity {
            for byte in &mut frame {
                *byte |= if byte.count_ones() % 2 == 1 { 0x80 } else { 0 };
            }
        }
        let read = weight(Protocol::Toledo, &frame);
        let decimals = usize::from(point - 2);
        let placed = |digits: u32| scan_model::Decimal::new(i64::from(digits), point - 2).to_string();
        let sign = if status & 0b10 != 0 && value > 0 { "-" } else { "" };
        prop_assert_eq!(read.value.unwrap().to_string(), format!("{sign}{}", placed(value)));
        prop_assert_eq!(read.tare.unwrap().to_string(), placed(tare));
        prop_assert_eq!(read.value.unwrap().scale(), u8::try_from(decimals).unwrap());
        prop_assert_eq!(read.stable, status & 0b1000 == 0);
        prop_assert_eq!(read.unit == "kg", status & 0b1_0000 != 0);
        prop_assert_eq!(read.mode.unwrap().name() == "net", status & 1 != 0);
    }

    #[test]
    fn positional_fields(values in proptest::collection::vec(0..9999_u32, 12), athlete in any::<bool>(), female in any::<bool>()) {
        let numbers: Vec<_> = values[2..].iter().map(|&value| tenths(value)).collect();
        let line = format!("{},{},{}\r\n", if athlete { 2 } else { 0 }, if female { 2 } else { 1 }, numbers.join(","));
        let read = record(Protocol::TanitaPositional, line.as_bytes());
        let names = ["height", "body_weight", "impedance_50khz", "fat_percentage", "fat_mass", "fat_free_mass", "water_mass"];
        for (name, number) in names.iter().zip(&numbers) {
            let found = value(&read, name);
            prop_assert_eq!(found.as_deref(), Some(number.as_str()));
        }
        prop_assert_eq!(read.subject.age.unwrap().to_string(), numbers[7].as_str());
        prop_assert_eq!(value(&read, "basal_metabolic_rate_kj"), Some(numbers[9].clone()));
    }

    #[test]
    fn printed_lines_and_blocks(value in 10..2500_u32, net in any::<bool>(), number in 0..10_000_000_000_u64, pounds in any::<bool>()) {
        let (shown, unit) = (tenths(value), if pounds { "lb" } else { "kg" });
        let line = format!("{shown:>9} {unit} {} \r\n", if net { "Net  " } else { "Gross" });
        let read = weight(Protocol::RiceLake, line.as_bytes());
        prop_assert_eq!(read.value.unwrap().to_string(), shown.as_str());
        prop_assert_eq!(read.mode.unwrap().name(), if net { "net" } else { "gross" });
        let block = format!("Patient Id: {number:010}\r\nWeight:    {shown} {unit}\r\n");
        let read = record(Protocol::Adam, block.as_bytes());
        prop_assert_eq!(self::value(&read, "body_weight"), Some(shown));
        prop_assert_eq!(read.subject.number.unwrap(), format!("{number:010}"));
    }

    #[test]
    fn accuniq_results(height in 900..2500_u32, kilograms in 100..3000_u32, fat in 10..700_u32, rate in 500..5000_u32, age in 5..99_u32) {
        let mut values = vec![String::new(); 113];
        for (at, number) in [(4, 2), (5, age), (6, height), (7, kilograms), (60, fat), (109, rate)] {
            values[at] = format!("{number:04}");
        }
        values[4] = "2".into();
        let mut frame = format!("\x02M{}\x03", values.join(",")).into_bytes();
        frame.push(frame.iter().fold(0, |sum, &byte| sum.wrapping_add(byte)));
        let read = record(Protocol::Accuniq, &frame);
        prop_assert_eq!(value(&read, "height"), Some(tenths(height)));
        prop_assert_eq!(value(&read, "body_weight"), Some(tenths(kilograms)));
        prop_assert_eq!(value(&read, "fat_percentage"), Some(tenths(fat)));
        prop_assert_eq!(value(&read, "basal_metabolic_rate_kcal"), Some(rate.to_string()));
        prop_assert_eq!(read.subject.age.unwrap().to_string(), age.to_string());
    }

    #[test]
    fn checked_and_plain_lines_of_partly_specified_scales(
        value in 0..10_000_u32, stable in any::<bool>(), negative in any::<bool>(), pounds in any::<bool>(), bit in 0..8_u8,
    ) {
        let shown = tenths(value);
        let unit = if pounds { "LB" } else { "KG" };
        let sign = if negative { '-' } else { ' ' };
        let body = format!("{}{sign}{shown:0>6}{unit}", if stable { 'S' } else { 'U' }).into_bytes();
        let check = body.iter().fold(0, |rest, &byte| rest ^ byte);
        let answer = |check| [&b"\x01\x02"[..], &body, &[check, 3, 4]].concat();
        let cas = weight(Protocol::Cas, &answer(check));
        let status = if stable { "SD" } else { "S_" };
        let doran = weight(Protocol::Doran, format!("\x02{status}{sign}{shown:>6}{unit}\x03").as_bytes());
        let minus = if negative && value > 0 { "-" } else { "" };
        for read in [cas, doran] {
            prop_assert_eq!(read.value.unwrap().to_string(), format!("{minus}{shown}"));
            prop_assert_eq!((read.stable, read.overload), (stable, false));
            prop_assert_eq!(read.unit == "kg", !pounds);
        }
        prop_assert!(decode_all(Protocol::Cas, &answer(check ^ 1 << bit))[0].outcome.is_err());
    }

    #[test]
    fn labelled_blocks_of_rice_lake(net in 10..3000_u32, tare in 0..500_u32, feet in 3..8_u32, inches in 0..120_u32) {
        let block = format!(
            "Gross Weight {} kg\r\nTare Weight {} kg\r\nNet Weight {} kg\r\nPatient Height {feet}-{:0>4} ft-in\r\n",
            tenths(net + tare), tenths(tare), tenths(net), tenths(inches),
        );
        let read = record(Protocol::RiceLake, block.as_bytes());
        prop_assert_eq!(value(&read, "body_weight"), Some(tenths(net)));
        prop_assert_eq!(value(&read, "height"), Some(tenths(feet * 120 + inches)));
    }

    #[test]
    fn bluetooth_compositions(fat in 0..1000_u16, words in proptest::collection::vec(0..0xffff_u16, 9), present in 0..512_u16, user in 0..255_u8) {
        let flags = (present << 3) | 0b110;
        let mut bytes = [flags.to_le_bytes(), fat.to_le_bytes()].concat();
        bytes.extend([0xea, 7, 5, 12, 18, 53, 54, user]);
        for (bit, word) in (0..9).zip(&words) {
            if present & 1 << bit != 0 {
                bytes.extend(word.to_le_bytes());
            }
        }
        let read = record(Protocol::SigBcs, &bytes);
        let fields = [
            ("basal_metabolic_rate_kj", 1, 0), ("muscle_percentage", 1, 1), ("muscle_mass", 5, 3), ("fat_free_mass", 5, 3),
            ("soft_lean_mass", 5, 3), ("water_mass", 5, 3), ("impedance_50khz", 1, 1), ("body_weight", 5, 3), ("height", 1, 3),
        ];
        for (bit, (name, factor, scale)) in fields.into_iter().enumerate() {
            let expected = (present & 1 << bit != 0)
                .then(|| scan_model::Decimal::new(i64::from(words[bit]) * factor, scale).to_string());
            prop_assert_eq!(value(&read, name), expected, "{}", name);
        }
        prop_assert_eq!(read.device_time, DeviceTime::Reported("2026-05-12T18:53:54".parse().unwrap()));
        // Any cut is noticed.
        for cut in 0..bytes.len() {
            prop_assert!(decode_all(Protocol::SigBcs, &bytes[..cut])[0].outcome.is_err());
        }
    }

    #[test]
    fn any_bytes_in_any_pieces_mean_the_same_to_every_family(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..30),
                proptest::string::string_regex("[STUSOL,+0-9. kgb\r\n\"]{0,40}").unwrap().prop_map(String::into_bytes),
                Just(b"ST,+00070.50 kg\r\n".to_vec()),
                Just(b"\x02+0    705     0\r*".to_vec()),
                Just(b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,32.3,9771\r\n".to_vec()),
                Just(b"Weight: 80.00 kg\r\nBMI: 23.9\r\n".to_vec()),
                Just(b"\x02A6\x03\x7c".to_vec()),
                Just(b"QT,+00\x06".to_vec()),
                Just(b"\x01\x02S 0070.5KG\x63\x03\x04".to_vec()),
                Just(b"\x02?a\r\x02 70.50N\r".to_vec()),
                Just(b"\x02GR  155.4 lb\r\n".to_vec()),
                Just(b"\x02A4070501805A\r\n\x03".to_vec()),
                Just(b"\r\nid=1;hei=170.0;wei=70.5;bmi=24.4;over".to_vec()),
                Just(b"\r\nNET WEIGHT 80.0 KG\r\nPATIENT BMI 28.4\r\n".to_vec()),
            ],
            0..10,
        ),
        size in 1..40_usize,
    ) {
        let bytes = pieces.concat();
        for &protocol in Protocol::ALL {
            // A host that talks counts its own words too, and families side by side have no order among each other.
            if matches!(protocol, Protocol::TanitaPc | Protocol::Auto) {
                continue;
            }
            let new = || scanner_protocol::Session::new(protocol, scanner_protocol::Options::default());
            let (whole, first) = heard_by(new(), &bytes, bytes.len().max(1));
            let (parts, second) = heard_by(new(), &bytes, size);
            prop_assert_eq!(whole, parts, "{}", protocol);
            prop_assert_eq!(first.counters(), second.counters(), "{}", protocol);
        }
    }
}

#[test]
fn a_session_says_nothing_of_its_own_accord() {
    for &protocol in Protocol::ALL {
        let mut session = scanner_protocol::Session::new(protocol, scanner_protocol::Options::default());
        assert_eq!(session.poll_event(), None::<Event>, "{protocol}");
    }
}
