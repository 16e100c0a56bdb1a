//! The codes for firmware in C.

use std::fmt::Write as _;

use firmware_protocol::*;

use super::compare;

#[test]
fn the_codes_of_the_c_interface_are_those_of_the_crate() {
    let mut text = String::from(
        "/* The codes of scan-link and the numbers of measurements. Generated from the crate's tables; a test compares. */\n\
         #ifndef SCAN_LINK_CODES_H\n#define SCAN_LINK_CODES_H\n",
    );
    let mut set = |name: &str, codes: &[(&str, u32)]| {
        writeln!(text).unwrap();
        for (word, code) in codes {
            writeln!(text, "#define SCAN_LINK_{name}_{} {code}", word.to_uppercase()).unwrap();
        }
    };
    macro_rules! codes {
        ($($name:literal $set:ty),+ $(,)?) => {
            $(
                let known: Vec<_> =
                    <$set>::KNOWN.iter().map(|code| (code.word(), u32::from(code.code()))).collect();
                set($name, &known);
            )+
        };
    }
    codes!(
        "STAGE" Stage, "SCAN_KIND" ScanKind, "SEX" Sex, "BODY_TYPE" BodyType, "SEGMENT" Segment,
        "FREQUENCY" Frequency, "COMPLETENESS" Completeness, "FAULT" Fault, "REFUSAL" Refusal, "LOG_LEVEL" LogLevel,
    );
    set(
        "CAPABILITY",
        &[
            ("starts_scans", Capabilities::STARTS_SCANS.0),
            ("cancels", Capabilities::CANCELS.0),
            ("live_stages", Capabilities::LIVE_STAGES.0),
            ("impedances", Capabilities::IMPEDANCES.0),
            ("shape", Capabilities::SHAPE.0),
            ("clock", Capabilities::CLOCK.0),
            ("keeps_results", Capabilities::KEEPS_RESULTS.0),
            ("starts_weight", Capabilities::STARTS_WEIGHT.0),
            ("starts_body_composition", Capabilities::STARTS_BODY_COMPOSITION.0),
            ("starts_shape", Capabilities::STARTS_SHAPE.0),
        ],
    );
    writeln!(text, "\n/* Measurements, each with the unit in which it is sent. */").unwrap();
    for KnownMetric { id, name, unit, remark } in MetricId::all() {
        let remark = if remark.is_empty() {
            String::new()
        } else {
            format!(": {remark}")
        };
        let name = name.to_uppercase();
        writeln!(text, "#define SCAN_LINK_METRIC_{name} {} /* {unit}{remark} */", id.0).unwrap();
    }
    writeln!(text, "\n#endif").unwrap();
    compare("c/scan_link_codes.h", &text);
}
