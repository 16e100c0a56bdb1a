//! A technician at a scanner of our own firmware: the real `scansim` plays it on a pseudo-terminal, and the real `scandiag` finds out
//! what it is, listens to it beside a bridge, and decodes what was kept.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use firmware_protocol::{Host, HostEvent, LineConfig};
use rustix::process::{Pid, Signal, kill_process};
use scansim::{Pty, scan_link::published};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::support::{DEADLINE, program::path};

const PEOPLE: usize = 2;

#[tokio::test]
async fn a_scan_link_scanner_is_identified_listened_to_and_decoded_from_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let [port, tap, kept] = ["scanner", "tap", "kept"].map(|name| folder.path().join(name));
    let mut silent = scanner(&port);
    let identified = scandiag(&["identify", "--json", "--seconds", "1", port.to_str().unwrap()]);
    let answer: Value = serde_json::from_slice(&identified.stdout).unwrap();
    assert_eq!(
        (&answer["protocol"], &answer["confidence"]),
        (&"scan-link".into(), &"certain".into())
    );
    assert_eq!(identified.status.code(), Some(0), "{answer}");
    silent.kill().unwrap();
    silent.wait().unwrap();

    // A cable with a tap in it: what scanner and bridge say goes to a second port too.
    let mut tapped = Pty::open(&tap).unwrap();
    let mut listener = Command::new(path("scandiag"))
        .args(["sniff", "--json", "--protocol", "scan-link", "--record"])
        .args([&kept, &tap])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_line(&mut listener, "listening at 115200 8N1");
    // At the pace of life: the bridge is there before the last person has stood on it for some seconds.
    let scanner = scanner(&port);
    let (line, heard) = mpsc::channel();
    let bridge = thread::spawn(move || talk(&port, &line));
    let mut count = 0;
    while let Ok(bytes) = heard.recv_timeout(DEADLINE) {
        tapped.write_all(&bytes).await.unwrap();
        count += bytes.len();
    }
    assert_eq!(bridge.join().unwrap(), PEOPLE, "results that the bridge has stored");
    let ended = scanner.wait_with_output().unwrap();
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );

    let written = || std::fs::metadata(&kept).is_ok_and(|file| file.len() == count as u64);
    let start = Instant::now();
    while !written() {
        assert!(start.elapsed() < DEADLINE, "the listener has not heard everything");
        thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&listener), Signal::INT).unwrap();
    let sniffed = listener.wait_with_output().unwrap();
    assert_eq!(sniffed.status.code(), Some(0), "Ctrl-C is the usual end");
    assert_shown(&objects(&sniffed));

    let kept = kept.to_str().unwrap();
    for protocol in ["scan-link", "auto"] {
        let decoded = objects(&scandiag(&["decode", "--json", "--protocol", protocol, kept]));
        assert_results(&decoded);
    }
    // The same again from the file, where times mean nothing.
    assert_shown(&objects(&scandiag(&["sniff", "--json", kept])));
}

/// What everybody brought, with the published values.
fn assert_results(units: &[Value]) {
    let records: Vec<_> = units.iter().filter(|unit| unit["kind"] == "record").collect();
    assert_eq!(records.len(), PEOPLE);
    for (person, record) in published().iter().zip(records) {
        assert_eq!(
            (&record["protocol"], &record["model"]),
            (&"scan-link".into(), &"Simulated".into())
        );
        let measurements = record["measurements"].as_object().unwrap();
        assert_eq!(
            measurements.len(),
            person.values.len() + 2 * person.impedances.len(),
            "{}",
            person.id
        );
        for (metric, value) in &person.values {
            let name = metric.name().unwrap();
            assert_eq!(measurements[name]["value"], value.to_string(), "{}: {name}", person.id);
        }
    }
}

/// Every kind of frame with its side and session, the messages of a scan, the results, and the counters.
fn assert_shown(lines: &[Value]) {
    let frames = |from: &str, frame: &str| {
        let wanted = |line: &&Value| line["kind"] == "frame" && line["from"] == from && line["frame"] == frame;
        lines.iter().filter(wanted).collect::<Vec<_>>()
    };
    for (from, frame) in [
        ("scanner", "hello"),
        ("bridge", "hello"),
        ("scanner", "part"),
        ("bridge", "done"),
    ] {
        assert!(!frames(from, frame).is_empty(), "no {frame} of the {from}");
    }
    assert!(
        frames("scanner", "part")
            .iter()
            .all(|part| part["session"].is_string() && part["seq"].is_u64())
    );
    let stored = frames("bridge", "part");
    let stored = stored
        .iter()
        .filter(|part| part["says"].as_str().is_some_and(|says| says.starts_with("stored ")));
    assert_eq!(stored.count(), PEOPLE);
    for message in ["identity", "progress", "ended"] {
        assert!(
            lines.iter().any(|line| line["fields"]["message"] == message),
            "no {message}"
        );
    }
    assert_results(lines);
    let summary = lines.last().unwrap();
    assert_eq!(
        (&summary["kind"], &summary["records"]),
        (&"summary".into(), &PEOPLE.into())
    );
    assert_eq!(summary["rejected"], serde_json::json!({}));
}

fn scandiag(arguments: &[&str]) -> Output {
    Command::new(path("scandiag")).args(arguments).output().unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Starts a scanner on which people step, and waits until its port is there.
fn scanner(port: &Path) -> Child {
    let mut scanner = Command::new(path("scansim"))
        .args([
            "--scan-link",
            "--repeat",
            &PEOPLE.to_string(),
            "--gap",
            "0s",
            "--port-link",
        ])
        .arg(port)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut announced = String::new();
    BufReader::new(scanner.stdout.as_mut().unwrap())
        .read_line(&mut announced)
        .unwrap();
    assert_eq!(Path::new(announced.trim_end()), port);
    scanner
}

fn wait_for_line(program: &mut Child, wanted: &str) {
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains(wanted)),
        "it does not say `{wanted}`"
    );
}

/// A bridge at the port that stores every result, until the scanner is gone. What both sides say goes to `line` in its order.
fn talk(port: &Path, line: &mpsc::Sender<Vec<u8>>) -> usize {
    let mut writer = File::options().read(true).write(true).open(port).unwrap();
    let mut reader = writer.try_clone().unwrap();
    let (from_scanner, arrived) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        // The scanner ends, and its port with it.
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if from_scanner.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let epoch = Instant::now();
    let now = || firmware_protocol::Instant::from_micros(u64::try_from(epoch.elapsed().as_micros()).unwrap());
    let mut host = Host::new(LineConfig::new(std::process::id()), now());
    let mut stored = 0;
    loop {
        host.handle_timeout(now());
        let mut key = None;
        while let Some(event) = host.poll_event() {
            if let HostEvent::Result(received) = event {
                key = Some(received.key);
            }
        }
        if let Some(key) = key {
            host.confirm_stored(key);
            stored += 1;
        }
        while let Some(frame) = host.poll_transmit(now()) {
            line.send(frame.to_vec()).unwrap();
            // The scanner may be gone; its end of the line tells.
            let _ = writer.write_all(frame);
        }
        let due = host
            .poll_timeout()
            .map_or(DEADLINE, |due| Duration::from_micros(due - now()));
        match arrived.recv_timeout(due) {
            Ok(bytes) => {
                line.send(bytes.clone()).unwrap();
                host.handle_bytes(now(), &bytes);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return stored,
        }
    }
}
