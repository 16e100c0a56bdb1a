//! `scandiag identify --probe`: what is asked, when, and what counts as an answer.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use scansim::Pty;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What came of a run.
struct Probed {
    said: Value,
    notes: String,
    /// What was written to the port.
    written: String,
    /// When something was written first.
    asked_after: Option<Duration>,
}

/// What a device says to what was written just now. `None` pulls its cable.
type Device<'a> = &'a mut dyn FnMut(&[u8]) -> Option<Vec<u8>>;

fn silent(_: &[u8]) -> Option<Vec<u8>> {
    Some(Vec::new())
}

/// Runs the program on a port with this device behind it; `unasked` is what that says by itself, so long after the program has begun.
fn probe(quiet: &str, unasked: Option<(Duration, &[u8])>, device: Device<'_>) -> Probed {
    let runtime = crate::runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("scanner");
        let mut cable = Some(Pty::open(&link).unwrap());
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["identify", "--json", "--probe", "--seconds", "1", "--quiet", quiet])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut written, mut asked_after, mut unasked) = (Vec::new(), None, unasked);
        while child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_secs(120), "it never ends");
            let Some(pty) = &mut cable else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            if let Some((_, bytes)) = unasked.take_if(|(after, _)| started.elapsed() >= *after) {
                pty.write_all(bytes).await.unwrap();
            }
            let mut bytes = [0; 64];
            let Ok(read) = tokio::time::timeout(Duration::from_millis(20), pty.read(&mut bytes)).await else {
                continue;
            };
            let bytes = &bytes[..read.unwrap()];
            asked_after.get_or_insert(started.elapsed());
            written.extend_from_slice(bytes);
            match device(bytes) {
                Some(answer) => pty.write_all(&answer).await.unwrap(),
                None => cable = None,
            }
        }
        let output = child.wait_with_output().unwrap();
        let notes = String::from_utf8(output.stderr).unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{notes}"));
        Probed {
            said,
            notes,
            written: String::from_utf8(written).unwrap(),
            asked_after,
        }
    })
}

/// The same with a device that answers as its kind does. On a busy machine it may answer when nobody listens any more: then once more.
fn recognised(device: Device<'_>) -> Probed {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let probed = probe("1", None, device);
        if probed.said["ok"] == true || Instant::now() > deadline {
            return probed;
        }
    }
}

#[test]
fn pc_mode_is_left_again_however_the_answer_looks() {
    let probed = recognised(&mut |order| {
        Some(match order {
            b"M1\r\n" => b"\0M1\r\n".to_vec(),
            b"S?\r\n" => b"S1\r\n".to_vec(),
            order => order.to_vec(),
        })
    });
    assert_eq!(
        (&probed.said["protocol"], &probed.said["confidence"]),
        (&"tanita-tagged".into(), &"likely".into())
    );
    assert_eq!(probed.written, "M1\r\nS?\r\nM0\r\n");
}

#[test]
fn a_line_that_returns_what_is_sent_is_no_scanner() {
    let probed = probe("1", None, &mut |order| Some(order.to_vec()));
    assert_eq!(probed.written, "M1\r\nS?\r\nM0\r\nDR\r\n\x02A\x03F*idn?\n");
    assert_eq!(probed.said["ok"], false, "{}", probed.said);
    assert!(probed.notes.contains("came back"), "{}", probed.notes);
}

#[test]
fn a_scanner_is_told_from_the_echo_of_its_adapter() {
    let probed = recognised(&mut |order| {
        let answer: &[u8] = match order {
            b"\x02A\x03F" => b"\x02A6\x03\x7c",
            _ => b"",
        };
        Some([order, answer].concat())
    });
    assert_eq!(
        (&probed.said["protocol"], &probed.said["confidence"]),
        (&"accuniq".into(), &"certain".into())
    );
}

#[test]
fn an_analyser_that_says_its_name_is_known_by_it() {
    let probed = recognised(&mut |order| {
        Some(match order {
            b"*idn?\n" => b"dhy,dba310,0042\n".to_vec(),
            _ => Vec::new(),
        })
    });
    assert_eq!(
        (&probed.said["protocol"], &probed.said["settings"]),
        (&"dba310".into(), &"9600 8N1".into())
    );
    let reason = probed.said["reason"].as_str().unwrap();
    assert!(reason.contains("settings") && !reason.contains("0042"), "{reason}");
}

#[test]
fn all_is_asked_once_the_port_was_silent_for_as_long_as_was_said_and_never_of_one_that_speaks() {
    let probed = probe("8", None, &mut silent);
    let after = probed.asked_after.unwrap();
    assert!(after >= Duration::from_secs(8), "{after:?}");
    assert!(
        probed
            .notes
            .contains("nothing is asked before 8 s of silence, so 2 s more"),
        "{}",
        probed.notes
    );
    assert!(
        probed.notes.contains("listening at 9600 8N1 for 2 s"),
        "{}",
        probed.notes
    );

    let said = Some((Duration::from_secs(7), &b"hello\r\n"[..]));
    let probed = probe("10", said, &mut silent);
    assert_eq!(probed.written, "", "it speaks by itself");
    assert!(probed.notes.contains("nothing is asked any more"), "{}", probed.notes);
}

#[test]
fn who_answers_with_something_else_is_not_asked_again() {
    let probed = probe("1", None, &mut |order| {
        Some(match order {
            b"DR\r\n" => b"?\r\n".to_vec(),
            _ => Vec::new(),
        })
    });
    assert_eq!(probed.written, "M1\r\nM0\r\nDR\r\n");
    let reason = probed.said["reason"].as_str().unwrap();
    assert!(reason.contains("no family explains them"), "{reason}");
}

#[test]
fn a_port_that_goes_away_between_question_and_farewell_is_told_of_and_no_end() {
    let probed = probe("1", None, &mut |_| None);
    assert_eq!(probed.said["ok"], false);
    assert!(probed.notes.contains("switch it off and on"), "{}", probed.notes);
}
