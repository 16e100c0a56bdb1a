//! Values of Bluetooth scales, flag by flag.

use scan_model::{DeviceTime, Flag, Metric, Record};
use scanner_protocol::{
    Characteristic, Content, Joiner, Options, Protocol, RejectReason, Tick, decode_again, decode_value, raw_tags,
};

use crate::families::{only, record, sent, weight};

use Protocol::{SigBcs, SigWss, Xiaomi};

fn tag(record: &Record, name: &str) -> Option<String> {
    let found = raw_tags(record).into_iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.into_owned())
}

#[test]
fn every_flag_of_a_composition_brings_its_field_alone() {
    // A field of 0x0201 in metric and in imperial units.
    for (bit, name, metric, imperial) in [
        (3, "basal_metabolic_rate_kj", "513 kJ/d", "513 kJ/d"),
        (4, "muscle_percentage", "51.3 %", "51.3 %"),
        (5, "muscle_mass", "2.565 kg", "5.13 [lb_av]"),
        (6, "fat_free_mass", "2.565 kg", "5.13 [lb_av]"),
        (7, "soft_lean_mass", "2.565 kg", "5.13 [lb_av]"),
        (8, "water_mass", "2.565 kg", "5.13 [lb_av]"),
        (9, "impedance_50khz", "51.3 Ohm", "51.3 Ohm"),
        (10, "body_weight", "2.565 kg", "5.13 [lb_av]"),
        (11, "height", "0.513 m", "51.3 [in_i]"),
    ] {
        for (unit, expected) in [(0, metric), (1, imperial)] {
            // The reserved bits are set, too: they mean nothing.
            let flags = 0xe000_u16 | 1 << bit | unit;
            let value = [&flags.to_le_bytes()[..], &[0xc2, 0, 1, 2]].concat();
            let record = record(SigBcs, &value);
            assert_eq!(sent(&record, name).as_deref(), Some(expected));
            assert_eq!(sent(&record, "fat_percentage").as_deref(), Some("19.4 %"));
            assert_eq!(record.measurements.len(), 2, "{name}");
            assert_eq!(record.device_time, DeviceTime::Absent);
            assert_eq!(tag(&record, "user_id"), None);
        }
    }
}

#[test]
fn every_flag_of_a_weight_brings_its_fields_alone() {
    let plain = record(SigWss, &[0xf0, 0xb0, 0x36]);
    assert_eq!(sent(&plain, "body_weight").as_deref(), Some("70.000 kg"));
    assert_eq!(
        (plain.measurements.len(), plain.device_time, tag(&plain, "user_id")),
        (1, DeviceTime::Absent, None)
    );

    let timed = record(SigWss, &[0x02, 0xb0, 0x36, 0xea, 7, 5, 12, 18, 53, 54]);
    assert_eq!(
        timed.device_time,
        DeviceTime::Reported("2026-05-12T18:53:54".parse().unwrap())
    );
    assert_eq!((timed.measurements.len(), tag(&timed, "user_id")), (1, None));

    let of_user = record(SigWss, &[0x04, 0xb0, 0x36, 7]);
    assert_eq!(
        (of_user.measurements.len(), tag(&of_user, "user_id").as_deref()),
        (1, Some("7"))
    );

    // One flag for both body mass index and height.
    let both = record(SigWss, &[0x08, 0xb0, 0x36, 0xee, 0, 0x26, 7]);
    assert_eq!(sent(&both, "body_mass_index").as_deref(), Some("23.8 kg/m2"));
    assert_eq!(sent(&both, "height").as_deref(), Some("1.830 m"));
    assert_eq!(both.subject.height.unwrap().to_string(), "183.0");
    let inches = record(SigWss, &[0x09, 0x54, 0x3d, 0xee, 0, 0xd0, 2]);
    assert_eq!(sent(&inches, "height").as_deref(), Some("72.0 [in_i]"));
    assert_eq!(inches.subject.height.unwrap().to_string(), "182.9");
}

#[test]
fn what_a_scale_does_not_know_is_not_there() {
    // FF is nobody, FFFF nothing.
    for (protocol, value) in [(SigBcs, &[4, 0, 0xc2, 0, 0xff][..]), (SigWss, &[4, 0xb0, 0x36, 0xff])] {
        assert_eq!(tag(&record(protocol, value), "user_id"), None);
    }
    let composition = record(SigBcs, &[0x18, 4, 0xc2, 0, 0xff, 0xff, 0xff, 0xff, 0xb0, 0x36]);
    let names: Vec<_> = composition.measurements.iter().map(|sent| sent.metric).collect();
    assert_eq!(names, [Metric::named("fat_percentage"), Metric::BODY_WEIGHT]);
    let weight = record(SigWss, &[8, 0xb0, 0x36, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!((weight.measurements.len(), weight.subject.height), (1, None));
}

#[test]
fn an_unsuccessful_measurement_keeps_its_time_and_its_user_alone() {
    let time = [0xea, 7, 5, 12, 18, 53, 54];
    for (protocol, value) in [
        (SigBcs, [&[0x0e, 4, 0xff, 0xff][..], &time, &[7, 1, 2, 1, 2]].concat()),
        (SigWss, [&[0x0e, 0xff, 0xff][..], &time, &[7, 1, 2, 1, 2]].concat()),
    ] {
        let record = record(protocol, &value);
        assert_eq!(record.measurements, []);
        assert_eq!(
            record.device_time,
            DeviceTime::Reported("2026-05-12T18:53:54".parse().unwrap())
        );
        assert_eq!(tag(&record, "user_id").as_deref(), Some("7"));
        assert_eq!(tag(&record, "unsuccessful").as_deref(), Some("true"));
    }
}

#[test]
fn a_composition_of_zeros_alone_is_a_placeholder() {
    let tag_of = |value: &[u8]| tag(&record(SigBcs, value), "usable");
    // Fat and the fields of bits 4 to 9; metabolism, weight and height are no composition.
    assert_eq!(tag_of(&[0, 0, 0, 0]).as_deref(), Some("false"));
    assert_eq!(tag_of(&[0, 0, 0xc2, 0]), None);
    for bit in 3..12_u32 {
        let flags = 1_u16 << bit;
        let value = [&flags.to_le_bytes()[..], &[0, 0, 1, 0]].concat();
        assert_eq!(tag_of(&value).is_none(), (4..=9).contains(&bit), "bit {bit}");
        let zero = [&flags.to_le_bytes()[..], &[0xc2, 0, 0, 0]].concat();
        assert_eq!(tag_of(&zero), None, "bit {bit}: the fat is no zero");
    }
}

#[test]
fn a_time_of_day_that_does_not_exist_is_no_time() {
    let at = |year: u16, rest: [u8; 5]| {
        let value = [&[2, 0xb0, 0x36][..], &year.to_le_bytes(), &rest].concat();
        record(SigWss, &value)
    };
    for (year, rest, expected) in [
        (1582, [1, 1, 0, 0, 0], "1582-01-01T00:00:00"),
        (9999, [12, 31, 23, 59, 59], "9999-12-31T23:59:59"),
        (2024, [2, 29, 12, 0, 0], "2024-02-29T12:00:00"),
    ] {
        let record = at(year, rest);
        assert_eq!(record.device_time, DeviceTime::Reported(expected.parse().unwrap()));
        assert_eq!(record.flags, []);
    }
    for (year, rest) in [
        (0, [5, 12, 18, 53, 54]),
        (1581, [12, 31, 18, 53, 54]),
        (10_000, [1, 1, 0, 0, 0]),
        (0xffff, [1, 1, 0, 0, 0]),
        (2026, [0, 12, 18, 53, 54]),
        (2026, [13, 12, 18, 53, 54]),
        (2026, [5, 0, 18, 53, 54]),
        (2025, [2, 29, 18, 53, 54]),
        (2026, [5, 12, 24, 53, 54]),
        (2026, [5, 12, 18, 60, 54]),
        (2026, [5, 12, 18, 53, 60]),
        (2026, [5, 12, 18, 53, 0xff]),
    ] {
        let record = at(year, rest);
        assert_eq!(record.device_time, DeviceTime::Invalid, "{year} {rest:?}");
        assert_eq!(record.flags, [Flag::DeviceTimeInvalid]);
        assert_eq!(
            sent(&record, "body_weight").as_deref(),
            Some("70.000 kg"),
            "the weight counts without its time"
        );
    }
}

#[test]
fn a_value_may_be_longer_than_its_flags_promise_and_never_shorter() {
    for (protocol, value) in [
        (SigBcs, &[0, 4, 0xc2, 0, 0xb0, 0x36][..]),
        (SigWss, &[4, 0xb0, 0x36, 7]),
    ] {
        let whole = record(protocol, value);
        for surplus in [1, 300] {
            let longer = [value, &vec![9; surplus]].concat();
            let record = record(protocol, &longer);
            assert_eq!(record.measurements, whole.measurements);
            assert_eq!(
                decode_again(protocol, &record.raw).unwrap().measurements,
                whole.measurements
            );
        }
        for cut in 0..value.len() {
            let rejected = only(protocol, &value[..cut]).unwrap_err();
            assert_eq!((rejected.reason, rejected.offset), (RejectReason::Truncated, cut));
        }
    }
}

#[test]
fn kept_bytes_that_hold_no_value_are_no_record() {
    // A characteristic that nobody knows, a value that is shorter than its length says, nothing at all.
    for raw in [&[0x55, 4, 0, 4, 0xc2, 0][..], &[0x9d, 4, 0, 0xb0, 0x36], &[0x9d], &[]] {
        assert!(decode_again(SigBcs, raw).is_err(), "{raw:?}");
    }
    let weight = [0x9d, 3, 0, 0xb0, 0x36];
    let record = decode_again(SigWss, &weight).unwrap();
    assert_eq!(
        (record.protocol.as_str(), tag(&record, "characteristic").as_deref()),
        ("sig-wss", Some("2A9D"))
    );
    let composition = [0x9c, 4, 0, 0, 0xc2, 0];
    let both = decode_again(SigBcs, &[&weight[..], &composition].concat()).unwrap();
    assert_eq!((both.protocol.as_str(), both.measurements.len()), ("sig-bcs", 2));
    let names: Vec<_> = raw_tags(&both)
        .into_iter()
        .filter(|(name, _)| *name == "characteristic")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(names, ["2A9D", "2A9C"]);
}

/// 57.8 kg and 512 Ω on a Xiaomi scale with this unit and state.
fn mi(unit: u8, state: u8, ohms: u16) -> Vec<u8> {
    let [low, high] = ohms.to_le_bytes();
    vec![unit, state, 0xe3, 7, 1, 29, 17, 53, 1, low, high, 0x28, 0x2d]
}

#[test]
fn every_flag_of_a_xiaomi_value_has_its_meaning() {
    for (unit, expected) in [
        (0x02, "57.800 kg"),
        (0x10, "57.800 kg"),
        (0x00, "57.800 kg"),
        (0x01, "115.60 [lb_av]"),
        (0x03, "115.60 [lb_av]"),
    ] {
        let shown = weight(Xiaomi, &mi(unit, 0x20, 0)).measurement().unwrap();
        assert_eq!(format!("{} {}", shown.value, shown.unit), expected, "unit {unit:02x}");
    }
    for bit in 0..8_u8 {
        let read = weight(Xiaomi, &mi(2, 1 << bit, 512));
        assert_eq!(read.stable, bit == 5, "bit {bit}");
        assert_eq!(read.removed, Some(bit == 7), "bit {bit}");
        assert_eq!(
            read.impedance.map(|ohms| ohms.to_string()).as_deref(),
            (bit == 1).then_some("512"),
            "bit {bit}"
        );
    }
    for (ohms, is_there) in [(0, false), (1, true), (0xfffe, true), (0xffff, false)] {
        assert_eq!(
            weight(Xiaomi, &mi(2, 0x02, ohms)).impedance.is_some(),
            is_there,
            "{ohms} ohms"
        );
    }
}

#[test]
fn the_clock_of_a_xiaomi_scale_may_be_wrong_and_its_weight_counts() {
    let mut value = mi(2, 0x22, 512);
    assert_eq!(
        weight(Xiaomi, &value).device_time,
        DeviceTime::Reported("2019-01-29T17:53:01".parse().unwrap())
    );
    value[4] = 13;
    assert_eq!(weight(Xiaomi, &value).device_time, DeviceTime::Invalid);
    let record = decode_again(Xiaomi, &value).unwrap();
    assert_eq!(sent(&record, "body_weight").as_deref(), Some("57.800 kg"));
    assert_eq!(sent(&record, "impedance_50khz").as_deref(), Some("512 Ohm"));
    assert_eq!(record.device.maker.as_deref(), Some("Xiaomi"));
    for length in [12, 14] {
        value.resize(length, 0);
        let rejected = only(Xiaomi, &value).unwrap_err();
        assert_eq!((rejected.reason, rejected.offset), (RejectReason::Truncated, length));
    }
}

#[test]
fn what_stands_behind_the_last_field_is_counted_and_no_value_is_longer_than_with_every_flag_set() {
    // The reserved flags bring no field.
    for (characteristic, flags) in [
        (Characteristic::Weight, &[0xff][..]),
        (Characteristic::BodyComposition, &[0xff, 0xff]),
    ] {
        let longest = characteristic.longest();
        let mut value = flags.to_vec();
        value.resize(longest, 0);
        assert_eq!(characteristic.surplus(&value), Some(0), "{characteristic:?}");
        assert_eq!(
            characteristic.surplus(&value[..longest - 1]),
            None,
            "{characteristic:?}"
        );
        value.extend([1, 2, 3]);
        assert_eq!(characteristic.surplus(&value), Some(3), "{characteristic:?}");
    }
    assert_eq!(Characteristic::Weight.surplus(&[0, 0xb0, 0x36, 9]), Some(1));
}

#[test]
fn what_a_link_delivers_is_vouched_for() {
    let mut joiner = Joiner::new(Options::default());
    joiner.handle_value(Tick(0), Characteristic::Weight, &[0, 0xb0, 0x36]);
    joiner.handle_xiaomi(Tick(0), &mi(2, 0x22, 512));
    joiner.handle_disconnected(Tick(0));
    let records: Vec<_> = std::iter::from_fn(|| joiner.poll_event())
        .filter_map(|event| match event {
            scanner_protocol::Event::Record(record) => Some(record.integrity),
            _ => None,
        })
        .collect();
    assert_eq!(records, [scan_model::Integrity::Verified; 2]);
}

#[test]
fn every_procedure_of_the_user_control_point_is_told_by_name() {
    for (value, expected) in [
        (&[1, 0xa8, 0x0e][..], "opcode=register consent_code=3752"),
        (&[2, 1, 0xa8, 0x0e], "opcode=consent user_index=1 consent_code=3752"),
        (&[3], "opcode=delete"),
        (&[0x20, 2, 5], "opcode=response to=2 result=5"),
        // The answer to a registration has the new user behind its result.
        (&[0x20, 1, 1, 7], "opcode=response to=1 result=1"),
    ] {
        let Ok(Content::Message(message)) = decode_value(0x2a9f, value).outcome else {
            panic!("{value:02x?}")
        };
        let told: Vec<_> = message
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(told.join(" "), expected);
    }
    for value in [&[][..], &[1, 2], &[2, 1, 0xa8], &[3, 0], &[0x20, 2], &[4]] {
        let rejected = decode_value(0x2a9f, value).outcome.unwrap_err();
        assert_eq!((rejected.reason, &rejected.raw[..]), (RejectReason::BadFrame, value));
        assert!(rejected.detail.contains("no procedure"), "{}", rejected.detail);
    }
}

#[test]
fn a_value_is_decoded_as_what_its_characteristic_says() {
    let value = [0, 4, 0xc2, 0, 0xb0, 0x36];
    for (characteristic, protocol, is_read) in [(0x2a9c, SigBcs, true), (0x2a9d, SigWss, true), (0x2a2b, SigWss, false)]
    {
        let decoded = decode_value(characteristic, &value);
        assert_eq!(
            (decoded.protocol, decoded.outcome.is_ok()),
            (protocol, is_read),
            "{characteristic:04x}"
        );
    }
}
