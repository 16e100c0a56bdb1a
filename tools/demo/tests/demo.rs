//! The whole way of a reading in one process: scanner on a pseudo-terminal, agent, broker, hub.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why it is skipped"
)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Output},
};

use scanbridge_demo::{Attached, Stage, Verdict, playlist};
use scansim::{Firmware, Line, Pace, Player};
use tokio::sync::Mutex;

/// Two demos that start at the same moment could choose the same free port.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn every_published_record_arrives_with_exactly_its_published_values() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tracks = playlist();
    let mut stage = Stage::start().await.unwrap();
    let mut scanner = Player::new(Line::pty(stage.port()).unwrap(), Pace::Unlimited);
    stage.start_agent(Attached::Published).await.unwrap();
    for track in &tracks {
        scanner.play(&track.bytes).await.unwrap();
    }
    let verdict = Verdict::reach(&tracks, "published", stage.hub(), &stage.viewer_secret())
        .await
        .unwrap();
    assert!(verdict.is_good(), "{verdict}");
    stage.stop().await;
}

#[tokio::test]
async fn the_emulated_scanner_ends_with_a_good_verdict_and_its_times() {
    if let Err(error) = Firmware::build() {
        let required = std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_some_and(|value| value == "1");
        assert!(error.is_missing_part() && !required, "{error}");
        eprintln!("skipped: {error}");
        return;
    }
    let _alone = ONE_AT_A_TIME.lock().await;
    let demo = firmware_once(None);
    let (told, shown) = (text(&demo.stdout), text(&demo.stderr));
    assert!(demo.status.success(), "{told}\n{shown}");
    assert!(told.ends_with("all as measured\n"), "{told}");
    assert_eq!(told.matches(" as measured\n").count(), 3 + 1, "{told}");
    for time in ["plug-in to stored", "step-on to hub"] {
        assert!(shown.contains(time), "{shown}");
    }
}

#[test]
fn a_missing_emulator_is_named_with_its_package() {
    let programs = tempfile::tempdir().unwrap();
    let demo = firmware_once(Some(programs.path()));
    assert_eq!(demo.status.code(), Some(1));
    let shown = text(&demo.stderr);
    assert!(shown.contains("apt-get install qemu-system-arm"), "{shown}");
}

#[test]
fn a_missing_compiler_is_named_with_its_packages() {
    let programs = tempfile::tempdir().unwrap();
    program(programs.path(), "qemu-system-arm", "exit 0");
    // A toolchain without the board's target, and no lld.
    program(programs.path(), "rustc", "echo /nonexistent");
    symlink("/usr/bin/dirname", programs.path().join("dirname")).unwrap();
    let demo = firmware_once(Some(programs.path()));
    assert_eq!(demo.status.code(), Some(1));
    let shown = text(&demo.stderr);
    assert!(shown.contains("rustc-web rust-web-src lld"), "{shown}");
}

/// `scanbridge-demo --firmware --once`, which finds its programs in one folder alone if there is one.
fn firmware_once(programs: Option<&Path>) -> Output {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_scanbridge-demo"));
    demo.args(["--firmware", "--once"]);
    if let Some(programs) = programs {
        demo.env("PATH", programs);
    }
    demo.output().unwrap()
}

fn program(folder: &Path, name: &str, line: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
