//! The conversations of the vectors as a header, `vectors.h`, for the example in C: C cannot read JSON by itself.

use std::{fmt::Write as _, path::Path};

use serde_json::Value;

/// What does not depend on the vectors.
const TYPES: &str = "\
#include <stddef.h>
#include <stdint.h>

enum who { SCANNER_SENDS, BRIDGE_SENDS, FIRMWARE_HEARS, FIRMWARE_DOES };

/* Bytes of a frame, or the words of an event or action. */
struct step {
    enum who who;
    const char *words;
    const uint8_t *bytes;
    size_t length;
};

struct conversation {
    const char *name;
    uint64_t now_us;
    const struct step *steps;
    size_t count;
};

";

/// Writes `vectors.h` into `folder`, from the files of `vectors`.
pub(crate) fn write_header(vectors: &Path, folder: &Path) {
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(vectors.join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (good, troubles) = (read("scan-link-v1.json"), read("scan-link-v1-troubles.json"));
    let mut text = String::from(TYPES);
    let mut table = String::new();
    let conversations = troubles["conversations"].as_array().unwrap();
    for (number, conversation) in [&good["conversation"]].into_iter().chain(conversations).enumerate() {
        let name = conversation["name"]
            .as_str()
            .unwrap_or("a conversation without troubles");
        let now = &conversation["now_us"];
        let steps = conversation["steps"].as_array().unwrap();
        writeln!(text, "static const struct step STEPS_{number}[] = {{").unwrap();
        for step in steps {
            writeln!(text, "    {},", self::step(step)).unwrap();
        }
        writeln!(text, "}};\n").unwrap();
        let count = steps.len();
        writeln!(table, "    {{ \"{name}\", UINT64_C({now}), STEPS_{number}, {count} }},").unwrap();
    }
    writeln!(
        text,
        "static const struct conversation CONVERSATIONS[] = {{\n{table}}};\n"
    )
    .unwrap();
    let records = good["records"].as_array().unwrap();
    let small = records.iter().find(|record| record["name"] == "small").unwrap();
    writeln!(
        text,
        "static const uint8_t SMALL_RECORD[] = {};",
        bytes(&small["hex"]).1
    )
    .unwrap();
    std::fs::write(folder.join("vectors.h"), text).unwrap();
}

/// One step, as `struct step`.
fn step(step: &Value) -> String {
    let (kind, what) = step.as_object().unwrap().iter().next().unwrap();
    let frame = |who: &str| {
        let (count, bytes) = bytes(what);
        format!("{{ {who}, \"\", (const uint8_t[]){bytes}, {count} }}")
    };
    let words = |who: &str, words: &str| format!("{{ {who}, \"{words}\", NULL, 0 }}");
    match kind.as_str() {
        "scanner_sends" => frame("SCANNER_SENDS"),
        "bridge_sends" => frame("BRIDGE_SENDS"),
        "firmware_hears" => words("FIRMWARE_HEARS", what.as_str().unwrap()),
        "firmware_does" => words("FIRMWARE_DOES", what.as_str().unwrap()),
        "time_passes_until_us" => words("FIRMWARE_DOES", &format!("wait until {what}")),
        "scanner_counts" => {
            let (what, count) = what.as_object().unwrap().iter().next().unwrap();
            words("FIRMWARE_DOES", &format!("count {count} {what}"))
        }
        other => panic!("the vectors have a step `{other}` that C does not know"),
    }
}

/// How many bytes a hexadecimal text has, and they as an initialiser.
fn bytes(hex: &Value) -> (usize, String) {
    let hex = hex.as_str().unwrap().as_bytes();
    let bytes: Vec<_> = hex
        .chunks(2)
        .map(|pair| format!("0x{}", str::from_utf8(pair).unwrap()))
        .collect();
    (bytes.len(), format!("{{ {} }}", bytes.join(", ")))
}
