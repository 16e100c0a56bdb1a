//! `scandiag identify` on simulated scanners and on captured bytes.

use std::{
    fs,
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

    let lost = identify_file(b"h\xe8llo");
    assert_eq!(lost.status.code(), Some(1));
    assert!(answer(&lost)["reason"].as_str().unwrap().contains("highest bit"));
}

#[test]
fn a_port_that_is_not_there_is_an_answer_that_names_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["identify", "--json", "/dev/no-such-port"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let reason = answer(&output)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("/dev/no-such-port"), "{reason}");
}

#[cfg(unix)]
#[test]
fn a_scanner_at_a_port_is_identified_and_nothing_is_written_to_it() {
    use std::time::Duration;

    use scansim::{Pace, Player, Pty};
    use tokio::io::AsyncReadExt as _;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
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
            (&said["protocol"], &said["settings"]),
            (&"tanita-tagged".into(), &"9600 8N1".into())
        );

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
