//! The conversation and the codes for firmware in C.

use std::fmt::Write as _;

use firmware_protocol::*;

use super::{
    cases::small_record,
    compare,
    conversation::{NOW, Step, conversation},
    script::Trouble,
    troubles::troubles,
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
    text += &steps("FRAME_", "STEPS", &conversation());
    writeln!(text, "\n#endif").unwrap();
    compare("c/vectors_v1.h", &text);
}

#[test]
fn the_vectors_of_what_goes_wrong_for_the_c_example_are_those_of_version_1() {
    let mut text = String::from(
        "/* The conversations of vectors/scan-link-v1-troubles.json and a record of scan-link-v1.json for C. Published: never edit; a test\n \
         * compares. A step that waits or counts is one that FIRMWARE_DOES. */\n\
         #ifndef SCAN_LINK_VECTORS_V1_TROUBLES_H\n#define SCAN_LINK_VECTORS_V1_TROUBLES_H\n\n#include \"vectors_v1.h\"\n\n\
         struct conversation {\n    const char *name;\n    uint64_t now_us;\n    const struct step *steps;\n    size_t count;\n};\n\n",
    );
    let mut table = String::new();
    for (number, trouble) in troubles().iter().enumerate() {
        let Trouble { name, now, .. } = trouble;
        let trouble_steps = format!("TROUBLE_{number}");
        text += &steps(&format!("{trouble_steps}_FRAME_"), &trouble_steps, &trouble.steps);
        text.push('\n');
        let count = format!("sizeof {trouble_steps} / sizeof {trouble_steps}[0]");
        writeln!(
            table,
            "    {{ \"{name}\", UINT64_C({now}), {trouble_steps}, {count} }},"
        )
        .unwrap();
    }
    writeln!(text, "static const struct conversation TROUBLES[] = {{\n{table}}};\n").unwrap();
    text += &bytes("SMALL_RECORD", &small_record());
    writeln!(text, "\n#endif").unwrap();
    compare("c/vectors_v1_troubles.h", &text);
}

/// The steps of a conversation as a table `name`, and the bytes of its frames before.
fn steps(frame: &str, name: &str, steps: &[Step]) -> String {
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        if let Step::Sends(sent) | Step::Arrives(sent) = step {
            text += &bytes(&format!("{frame}{number}"), sent);
        }
    }
    writeln!(text, "\nstatic const struct step {name}[] = {{").unwrap();
    for (number, step) in steps.iter().enumerate() {
        let sends = |who: &str| format!("{who}, \"\", {frame}{number}, sizeof {frame}{number}");
        let line = match step {
            Step::Sends(_) => sends("SCANNER_SENDS"),
            Step::Arrives(_) => sends("BRIDGE_SENDS"),
            Step::Hears(event) => format!("FIRMWARE_HEARS, \"{event}\", NULL, 0"),
            Step::Does(action) => format!("FIRMWARE_DOES, \"{action}\", NULL, 0"),
            Step::Waits(now) => format!("FIRMWARE_DOES, \"wait until {now}\", NULL, 0"),
            Step::Counts(what, count) => format!("FIRMWARE_DOES, \"count {count} {what}\", NULL, 0"),
        };
        writeln!(text, "    {{ {line} }},").unwrap();
    }
    writeln!(text, "}};").unwrap();
    text
}

/// A table of bytes.
fn bytes(name: &str, bytes: &[u8]) -> String {
    let mut text = format!("static const uint8_t {name}[] = {{\n");
    for line in bytes.chunks(20) {
        let bytes: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        writeln!(text, "    {},", bytes.join(", ")).unwrap();
    }
    text + "};\n"
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
