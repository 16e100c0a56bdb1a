//! Asks Windows for the rights of a directory. A child process does it: the calls of the system itself are not safe code.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::sddl;

/// What speaks against the rights of the directory.
pub(in crate::check) fn doubt(dir: &Path) -> Option<String> {
    let Some(descriptor) = descriptor(dir) else {
        return Some(format!("who may read `{}` could not be found out", dir.display()));
    };
    sddl::lets_everybody_in(&descriptor).then(|| {
        format!(
            "every user of this machine may read `{}`, and the key of the sealed results lies there: take that right away with `icacls` (README)",
            dir.display()
        )
    })
}

fn descriptor(dir: &Path) -> Option<String> {
    let asked = Command::new("powershell.exe")
        .args(["-NoProfile", "-NonInteractive", "-Command"])
        .arg("(Get-Acl -LiteralPath $env:SCANBRIDGE_ASKED_DIR).Sddl")
        // No path needs quoting there.
        .env("SCANBRIDGE_ASKED_DIR", dir)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    (asked.status.success() && !text.is_empty()).then_some(text)
}
