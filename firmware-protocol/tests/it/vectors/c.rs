//! The conversation and the codes for firmware in C.

use std::fmt::Write as _;

use firmware_protocol::*;

use super::{
    compare,
    conversation::{NOW, Step, conversation},
};

#[test]
fn the_vectors_of_the_c_example_are_those_of_version_1() {
    let mut text = String::from(
        "/* The conversation of vectors/scan-link-v1.json for C. Published: never edit; a test compares. */\n\
         #ifndef SCAN_LINK_VECTORS_V1_H\n#define SCAN_LINK_VECTORS_V1_H\n\n#include <stdint.h>\n#include <stddef.h>\n\n\
         enum who { SCANNER_SENDS, BRIDGE_SENDS, FIRMWARE_HEARS, FIRMWARE_DOES };\n\n\
         /* Bytes of a frame, or the words of an event or action. */\n\
         struct step {\n    enum who who;\n    const char *words;\n    const uint8_t *bytes;\n    size_t length;\n};\n\n",
    );
    writeln!(text, "#define NOW_US UINT64_C({NOW})\n").unwrap();
    let steps = conversation();
    for (number, step) in steps.iter().enumerate() {
        if let Step::Sends(bytes) | Step::Arrives(bytes) = step {
            writeln!(text, "static const uint8_t FRAME_{number}[] = {{").unwrap();
            for line in bytes.chunks(20) {
                let bytes: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
                writeln!(text, "    {},", bytes.join(", ")).unwrap();
            }
            writeln!(text, "}};").unwrap();
        }
    }
    writeln!(text, "\nstatic const struct step STEPS[] = {{").unwrap();
    for (number, step) in steps.iter().enumerate() {
        let frame = |who: &str| format!("{who}, \"\", FRAME_{number}, sizeof FRAME_{number}");
        let line = match step {
            Step::Sends(_) => frame("SCANNER_SENDS"),
            Step::Arrives(_) => frame("BRIDGE_SENDS"),
            Step::Hears(event) => format!("FIRMWARE_HEARS, \"{event}\", NULL, 0"),
            Step::Does(action) => format!("FIRMWARE_DOES, \"{action}\", NULL, 0"),
        };
        writeln!(text, "    {{ {line} }},").unwrap();
    }
    writeln!(text, "}};\n\n#endif").unwrap();
    compare("c/vectors_v1.h", &text);
}

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
        ],
    );
    let metrics: Vec<_> = MetricId::all()
        .iter()
        .map(|(id, name)| (*name, u32::from(id.0)))
        .collect();
    set("METRIC", &metrics);
    writeln!(text, "\n#endif").unwrap();
    compare("c/scan_link_codes.h", &text);
}
