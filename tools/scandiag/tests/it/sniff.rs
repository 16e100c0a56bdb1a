//! `scandiag sniff` on captured bytes, through the real binary.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const TAGGED: &[u8] = b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n";

fn sniff(arguments: &[&str], source: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scandiag"));
    command.arg("sniff").args(arguments).arg(source).output().unwrap()
}

fn captured(bytes: &[u8], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    fs::write(&capture, bytes).unwrap();
    sniff(arguments, &capture)
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_capture_is_shown_unit_by_unit_with_what_is_broken_and_counted() {
    let broken = String::from_utf8_lossy(TAGGED).replace("165.4", "165.5");
    let bytes = [b"noise\r\n", TAGGED, broken.as_bytes()].concat();
    let output = captured(&bytes, &["--json", "--no-bytes"]);
    let shown = lines(&output);
    let kinds: Vec<_> = shown.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["skipped", "record", "rejected", "summary"]);
    assert_eq!(shown[0]["bytes"], 5);
    assert_eq!(
        shown[1]["measurements"],
        json!({"body_weight": {"value": "165.4", "unit": "[lb_av]"}})
    );
    assert_eq!(shown[2]["error"], "checksum_mismatch");
    let summary = &shown[3];
    assert_eq!(
        (&summary["bytes"], &summary["skipped"]),
        (&json!(bytes.len()), &json!(5))
    );
    assert_eq!(
        (&summary["records"], &summary["rejected"]),
        (&json!(1), &json!({"checksum_mismatch": 1}))
    );
    assert!(
        shown.iter().all(|line| line["seconds"].is_null()),
        "a file knows no times"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn bytes_are_shown_beside_what_they_mean_unless_they_are_not_wanted() {
    let output = captured(b"ST,+00070.50 kg\r\n", &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "bytes   53 54 2c 2b 30 30 30 37 30 2e 35 30 20 6b 67 0d  |ST,+00070.50 kg.|",
            "bytes   0a                                               |.|",
            "weight at byte 0: and, stable: 70.50 kg",
            "heard 17 bytes, skipped 0, weights 1, rejected 0",
        ]
    );
    let output = captured(b"ST,+00070.50 kg\r\n", &["--no-bytes"]);
    assert!(output.stdout.starts_with(b"weight at byte 0"), "{output:?}");
}

#[test]
fn what_comes_on_standard_input_is_heard_with_its_time() {
    use std::io::Write as _;

    let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["sniff", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(TAGGED).unwrap();
    let shown = lines(&child.wait_with_output().unwrap());
    assert_eq!(shown[0]["kind"], "bytes");
    assert!(shown.iter().all(|line| line["seconds"].as_f64().is_some()));
    assert_eq!(shown[1]["kind"], "record");
}

#[test]
fn the_capture_is_kept_and_no_other_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let record = ["--record", kept.to_str().unwrap()];
    assert_eq!(captured(TAGGED, &record).status.code(), Some(0));
    assert_eq!(fs::read(&kept).unwrap(), TAGGED);

    let refused = captured(b"something else", &record);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains(&format!("`{}` is there already", kept.display())),
        "{said}"
    );
    assert_eq!(fs::read(&kept).unwrap(), TAGGED);

    let missing = folder.path().join("no-such-folder");
    let nowhere = missing.join("kept");
    let refused = captured(TAGGED, &["--record", nowhere.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    for part in [
        format!("`{}`", nowhere.display()),
        format!("the folder `{}` does not exist", missing.display()),
        "make it".to_owned(),
    ] {
        assert!(said.contains(&part), "{said}");
    }
    assert!(!said.contains("there already"), "{said}");
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn who_hears_nothing_that_is_understood_is_told_what_to_try() {
    let line = b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,32.3,9771\r\n";
    for (bytes, arguments, hints) in [
        (&b""[..], &[][..], &["is empty"][..]),
        (
            b"53542c2b 30303037\n302e3530206b670d0a\n",
            &[],
            &["hexadecimal text", "`scandiag decode --hex`"],
        ),
        (
            line,
            &[],
            &["`scandiag identify ", "`scandiag decode --protocol NAME`", "seca-460"],
        ),
        (
            line,
            &["--protocol", "and"],
            &["`scandiag identify ", "another family than and"],
        ),
        (
            b"09/21/2005,14:02,70.5\r\n",
            &["--protocol", "tanita-positional"],
            &["`--model TBF-310`"],
        ),
    ] {
        let output = captured(bytes, arguments);
        for hint in hints {
            assert!(said(&output).contains(hint), "{arguments:?}: {}", said(&output));
        }
        assert_eq!(output.status.code(), Some(0), "it listened as asked");
    }
    for (bytes, arguments) in [
        (&b"ST,+00070.50 kg\r\n"[..], &[][..]),
        (line, &["--protocol", "tanita-positional"]),
        (
            b"09/21/2005,14:02,70.5\r\n",
            &["--protocol", "tanita-positional", "--model", "TBF-310"],
        ),
    ] {
        assert_eq!(said(&captured(bytes, arguments)), "", "{arguments:?}");
    }
    assert_eq!(captured(line, &["--model", "TBF-310"]).status.code(), Some(2));
}

#[test]
fn what_was_skipped_and_what_was_not_make_all_that_was_heard() {
    let summary = |bytes: &[u8]| {
        let output = captured(bytes, &[]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().unwrap().to_owned()
    };
    assert_eq!(
        summary(b"noise\r\nmore\r\n"),
        "heard 13 bytes, skipped 9, line ends 4, rejected 0"
    );
    assert_eq!(
        summary(b"noise\r\nST,+00070.50 kg\r\n"),
        "heard 24 bytes, skipped 5, units and line ends 19, weights 1, rejected 0"
    );
    // Bytes of all values in no order, as at a wrong speed.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .filter(|byte| !matches!(byte, b'{' | 0x02))
    .take(5000)
    .collect();
    let line_ends = noise.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    assert_eq!(
        summary(&noise),
        format!(
            "heard 5000 bytes, skipped {}, line ends {line_ends}, rejected 0",
            5000 - line_ends
        )
    );
}

#[cfg(unix)]
#[test]
fn a_scanner_that_has_to_be_asked_is_not_waited_for_in_vain() {
    use scansim::Pty;

    let runtime = crate::runtime();
    let _guard = runtime.enter();
    let folder = tempfile::tempdir().unwrap();
    let scale = Pty::open(folder.path().join("scale")).unwrap();
    for (protocol, hint) in [
        ("tanita-wb", "`scandiag identify --probe "),
        ("cas", "the agent asks"),
        ("auto", "most scanners send only at the end of a measurement"),
    ] {
        let output = sniff(&["--seconds", "1", "--protocol", protocol], scale.link());
        assert!(said(&output).contains(hint), "{protocol}: {}", said(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_scanner_at_a_port_is_shown_live_and_nothing_is_written_to_it() {
    use std::{
        io::{BufRead as _, BufReader},
        time::Duration,
    };

    use scansim::Pty;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let runtime = crate::runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("scanner");
        let mut scanner = Pty::open(&link).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(["sniff", "--json", "--no-bytes", "--protocol", "tanita-wb"])
            .arg(&link)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = stderr.next().unwrap().unwrap();
        assert!(
            said.contains("listening at 2400 7E1, as is usual for tanita-wb; `--serial` sets others"),
            "{said}"
        );
        scanner.write_all(b"S     75.0kg\r\n").await.unwrap();
        let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
        let weight: Value = serde_json::from_str(&shown.next().unwrap().unwrap()).unwrap();
        assert_eq!((&weight["kind"], &weight["value"]), (&json!("weight"), &json!("75.0")));

        // A session of this scale asks twice a second; who looks on does not.
        let mut byte = [0];
        let asked = tokio::time::timeout(Duration::from_millis(1500), scanner.read(&mut byte)).await;
        assert!(asked.is_err(), "something was written");

        // The cable is pulled: the summary comes, and the port is named.
        drop(scanner);
        let summary: Value = serde_json::from_str(&shown.next().unwrap().unwrap()).unwrap();
        assert_eq!((&summary["kind"], &summary["weights"]), (&json!("summary"), &json!(1)));
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert!(
            stderr
                .next()
                .unwrap()
                .unwrap()
                .contains(&format!("`{}` was lost", link.display()))
        );
    });
}

#[test]
fn what_cannot_be_listened_to_is_named_with_its_cause() {
    for (arguments, source, named) in [
        (
            &[][..],
            "/dev/no-such-port",
            "`/dev/no-such-port` (9600 8N1) does not exist",
        ),
        (&["--serial", "2400 7E1"], "/dev/no-such-port", "(2400 7E1)"),
        (&["--protocol", "scan-link"], "/dev/no-such-port", "(115200 8N1)"),
        (&["--protocol", "tanita-wb"], "/dev/no-such-port", "(2400 7E1)"),
        (
            &["--protocol", "tanita-wb", "--serial", "9600 8N1"],
            "/dev/no-such-port",
            "(9600 8N1)",
        ),
        (&[], "no-such-capture", "neither as a port nor as a file"),
        #[cfg(target_os = "linux")]
        (&[], "/dev", "neither a serial port nor a file"),
        (&["--protocol", "sig-bcs"], "-", "no serial line carries `sig-bcs`"),
    ] {
        let output = sniff(arguments, Path::new(source));
        assert_eq!(output.status.code(), Some(1), "{named}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(named), "{said}");
    }
    let usage = sniff(&["--serial", "fast"], Path::new("-"));
    assert_eq!(usage.status.code(), Some(2));
}
