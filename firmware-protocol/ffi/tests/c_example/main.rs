//! The C interface: its header is the one of this crate, and the example in C passes the vectors.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so, and shows what it measured"
)]
#![cfg(unix)]

mod vectors;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn c_folder() -> PathBuf {
    package().parent().expect("the protocol's folder").join("c")
}

#[test]
fn the_header_is_generated_from_this_crate() {
    let config = cbindgen::Config::from_file(package().join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new()
        .with_crate(package())
        .with_config(config)
        .generate()
        .unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    let file = c_folder().join("scan_link.h");
    match std::fs::read_to_string(&file) {
        Ok(found) => assert!(
            found == generated,
            "c/scan_link.h differs: delete it, and this test writes it anew"
        ),
        Err(_) => {
            std::fs::write(&file, generated).unwrap();
            panic!("c/scan_link.h was missing and has been written: look at it, and run again");
        }
    }
}

#[test]
fn firmware_in_c_links_and_passes_the_vectors() {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if Command::new(&compiler).arg("--version").output().is_err() {
        assert!(
            std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_none(),
            "no C compiler `{compiler}`"
        );
        eprintln!("skipped: no C compiler `{compiler}`");
        return;
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    run(Command::new(env!("CARGO"))
        .args(["build", "--package", "scan-link-ffi", "--manifest-path"])
        .arg(package().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(out));
    vectors::write_header(&c_folder().with_file_name("vectors"), out);
    // Compilers for scanners make enumerations as short as they can, unless told otherwise: both have to find the same structs.
    for enumerations in ["-fno-short-enums", "-fshort-enums"] {
        let program = out.join(format!("conversation{enumerations}"));
        run(Command::new(&compiler)
            .args([
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                enumerations,
                "-I",
            ])
            .arg(c_folder())
            .arg("-I")
            .arg(out)
            .arg(c_folder().join("conversation.c"))
            .arg(out.join("debug/libscan_link.a"))
            .args(["-lpthread", "-ldl", "-lm", "-o"])
            .arg(&program));
        run(&mut Command::new(program));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}
