//! `scandiag identify` on simulated scanners and on captured bytes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const TAGGED: &[u8] = b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n";

fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn identify_file(bytes: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    fs::write(&capture, bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scandiag"));
    command.args(["identify", "--json"]).arg(capture).output().unwrap()
}

#[test]
fn captured_bytes_are_identified_with_their_reason() {
    let found = identify_file(TAGGED);
    let said = answer(&found);
    for (key, expected) in [
        ("protocol", "tanita-tagged"),
        ("model", "HD-351BT"),
        ("confidence", "certain"),
        ("settings", "8N1"),
        ("reason", "1 frame with a right checksum"),
    ] {
        assert_eq!(said[key], expected);
    }
    assert_eq!(found.status.code(), Some(0));

    for (bytes, reason) in [
        // With even parity.
        (&b"\xe8ello"[..], "highest bit"),
        (b"hello", "no family explains the bytes"),
        (b"7b30 2c31\n", "`scandiag decode --hex`"),
        (b"", "the file is empty"),
    ] {
        let lost = identify_file(bytes);
        assert_eq!(lost.status.code(), Some(1));
        let said = answer(&lost)["reason"].as_str().unwrap().to_owned();
        assert!(said.contains(reason), "{said}");
        for word in ["cable", "heard", "came", "speed"] {
            assert!(!said.contains(word), "a file has no {word}: {said}");
        }
    }
}

#[test]
fn a_port_that_is_not_there_is_an_answer_that_names_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["identify", "--json", "/dev/no-such-port"])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "nobody listened");
    assert_eq!(output.status.code(), Some(1));
    let reason = answer(&output)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("/dev/no-such-port"), "{reason}");
}

#[test]
fn captured_bytes_may_come_from_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["identify", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(TAGGED).unwrap();
    let said = answer(&child.wait_with_output().unwrap());
    assert_eq!(
        (&said["port"], &said["protocol"]),
        (&"-".into(), &"tanita-tagged".into())
    );
}

#[cfg(unix)]
#[test]
fn a_scanner_at_a_port_is_identified_and_nothing_is_written_to_it() {
    use std::time::{Duration, Instant};

    use scansim::{Pace, Player, Pty};
    use tokio::io::AsyncReadExt as _;

    let runtime = crate::runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("scanner");
        let mut player = Player::new(scansim::Line::pty(&link).unwrap(), Pace::Unlimited);
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["identify", "--json", "--seconds", "1"])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            player.play(TAGGED).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let said = answer(&child.wait_with_output().unwrap());
        assert_eq!(
            (&said["protocol"], &said["settings"], &said["pseudo_terminal"]),
            (&"tanita-tagged".into(), &"9600 8N1".into(), &true.into())
        );

        // First comes the setting of a scanner that speaks all the time, for which nobody waits long. A right checksum ends it, however long it
        // might have listened. To a person no settings are shown that any others could be.
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["identify", "--seconds", "600"])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
        for expected in ["listening at 115200 8N1 for 1 s", "listening at 9600 8N1 for 600 s"] {
            let note = notes.next().unwrap().unwrap();
            assert!(note.ends_with(expected), "{note}");
        }
        player.play(TAGGED).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                child.kill().unwrap();
                panic!("it listens on");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("tanita-tagged (certain), settings cannot be told at a pseudo-terminal, model HD-351BT"),
            "{text}"
        );
        assert!(!text.contains("8N1"), "{text}");

        // What merely begins like a frame is not believed while there are other settings to try.
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["identify", "--json", "--seconds", "1"])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        player.play(b"{0,16,~0").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        while child.try_wait().unwrap().is_none() {
            player.play(b"\r\nST,+00070.50 kg\r\n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let said = answer(&child.wait_with_output().unwrap());
        assert_eq!(
            (&said["protocol"], &said["confidence"]),
            (&"and".into(), &"likely".into())
        );

        // A silent scanner is told so, and sees no byte.
        let mut silent = Pty::open(&link).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["identify", "--json", "--seconds", "1"])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut byte = [0];
        let mut written = 0;
        while child.try_wait().unwrap().is_none() {
            let read = tokio::time::timeout(Duration::from_millis(100), silent.read(&mut byte)).await;
            written += read.map_or(0, |read| read.unwrap_or(0));
        }
        let output = child.wait_with_output().unwrap();
        assert!(
            answer(&output)["reason"]
                .as_str()
                .unwrap()
                .contains("nothing was heard")
        );
        assert_eq!((written, output.status.code()), (0, Some(1)));
    });
}

#[cfg(unix)]
#[test]
fn a_silent_tanita_with_pc_mode_is_named_by_what_it_sends_when_people_use_its_keys() {
    use std::time::{Duration, Instant};

    use scansim::{
        Line, Pace, Player,
        tanita_pc::{PcModel, PcScanner, Quirks, TanitaPc, Tempo},
    };

    async fn obey(scanner: &mut PcScanner) {
        if let Ok(step) = tokio::time::timeout(Duration::from_millis(20), scanner.step()).await {
            step.unwrap();
        }
    }

    let runtime = crate::runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("scanner");
        let device = TanitaPc::new(PcModel::Dc430, Quirks::default(), Tempo::default(), &[], 1);
        let mut scanner = PcScanner::new(Player::new(Line::pty(&link).unwrap(), Pace::Unlimited), device);
        let deadline = Instant::now() + Duration::from_secs(120);
        let said = loop {
            let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
                .args(["identify", "--json", "--probe", "--quiet", "1", "--seconds", "1"])
                .arg(&link)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            while child.try_wait().unwrap().is_none() {
                obey(&mut scanner).await;
            }
            let said = answer(&child.wait_with_output().unwrap());
            // On a busy machine the scanner may answer when nobody listens any more.
            if said["ok"] == true || Instant::now() > deadline {
                break said;
            }
        };
        assert_eq!(
            (&said["protocol"], &said["settings"], &said["confidence"]),
            (&"tanita-tagged".into(), &"9600 8N1".into(), &"likely".into())
        );
        let reason = said["reason"].as_str().unwrap();
        assert!(reason.contains("PC mode") && reason.contains("`tanita-pc`"), "{reason}");
        while scanner.device().is_in_pc_mode() {
            assert!(Instant::now() < deadline, "its keys are left dead");
            obey(&mut scanner).await;
        }
    });
}
