//! Vectors for firmware authors in other languages, and the tables of the C interface: files that are compared with what the
//! crate does. A file that differs is a failure, and so is one that is missing, which is written.

mod c;
mod cases;
mod conversation;
mod metrics;
mod script;
mod troubles;
mod words;

use std::{fmt::Write as _, path::Path};

use firmware_protocol::frame;
use serde_json::{Value, json};

use self::{
    conversation::{NOW, Step, conversation},
    troubles::troubles,
};

#[test]
fn the_vectors_of_version_1_are_what_the_crate_does() {
    let conversation: Vec<_> = conversation().iter().map(Step::json).collect();
    let vectors = json!({
        "about": "scan-link version 1, see SPEC.md. Published: never edit this file; a new version gets a file of its own. \
                  Codes and metrics are numbers, exact values are decimal texts, byte strings are hexadecimal.",
        "crc32": [{ "ascii": "123456789", "crc": frame::crc32(b"123456789") }],
        "sessions": cases::sessions(),
        "frames": cases::frames(),
        "not_frames": cases::rejects(),
        "messages": cases::messages(),
        "records": cases::records(),
        "conversation": { "scanner_seed": 7, "bridge_seed": 9, "now_us": NOW, "steps": conversation },
    });
    compare("vectors/scan-link-v1.json", &pretty(&vectors));
}

#[test]
fn the_vectors_of_what_goes_wrong_are_what_the_crate_does() {
    let conversations: Vec<_> = troubles()
        .iter()
        .map(|trouble| {
            let mut all = nonces(&trouble.steps);
            all["name"] = trouble.name.into();
            all["now_us"] = trouble.now.into();
            all["steps"] = trouble.steps.iter().map(Step::json).collect();
            all
        })
        .collect();
    let vectors = json!({
        "about": "scan-link version 1: what scan-link-v1.json leaves out, in the same form. Published: never edit this file; further \
                  cases get a file of their own. The nonces are those of one scanner; another one takes them from here.",
        "nonces_of_scan_link_v1": nonces(&conversation()),
        "unreadable_messages": cases::unreadable_messages(),
        "records": cases::records_of_later_scanners(),
        "not_records": cases::not_records(),
        "conversations": conversations,
    });
    compare("vectors/scan-link-v1-troubles.json", &pretty(&vectors));
}

/// The nonces of both sides, in their order.
fn nonces(steps: &[Step]) -> Value {
    let mut nonces = json!({ "scanner_nonces": [], "bridge_nonces": [] });
    for step in steps {
        let (Step::Sends(bytes) | Step::Arrives(bytes)) = step else {
            continue;
        };
        let mut reader = frame::FrameReader::new();
        for byte in bytes {
            if let Some(Ok((from, frame::Frame::Hello(hello)))) = reader.push(*byte) {
                let of = &mut nonces[format!("{}_nonces", words::words(from))];
                let of = of.as_array_mut().unwrap();
                if of.last() != Some(&hello.nonce.into()) {
                    of.push(hello.nonce.into());
                }
            }
        }
    }
    nonces
}

fn pretty(vectors: &Value) -> String {
    serde_json::to_string_pretty(vectors).unwrap() + "\n"
}

#[test]
fn a_reader_in_another_language_reads_the_vectors() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/check.py");
    let Ok(output) = std::process::Command::new("python3").arg(script).output() else {
        assert!(
            std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_none(),
            "no python3"
        );
        eprintln!("skipped: no python3");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Compares a file of the package with `expected`. Vectors of a published version never change: revert the code instead. For
/// a new version, add a new file.
fn compare(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    match std::fs::read_to_string(&path) {
        Ok(found) => assert!(found == expected, "{file} differs from what the crate does"),
        Err(_) => {
            std::fs::write(&path, expected).unwrap();
            panic!("{file} was missing and has been written: look at it, and run again");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
