//! Whether the data directory can be used and has room.

use std::{
    io,
    path::{Path, PathBuf},
};

use agent_config::Config;
use err_report::Report;
use outbox::{OpenError, Outbox, SealKey};

use super::finding::Finding;
use crate::{data_dir, legs};

const LEG: &str = "disk";

/// Looks at the data directory. Where no agent has worked yet nothing is made.
pub(super) async fn check(config: &Config) -> Finding {
    let dir = &config.agent.data_dir;
    let fails = |error: &dyn std::error::Error| {
        let story = format!("`{}` cannot be used: {}", dir.display(), Report::new(error));
        Finding::fails(
            LEG,
            story,
            "run the check as the agent's user; see `data_dir` in [agent]",
        )
    };
    let place = match existing_part(dir) {
        Ok(place) => place,
        Err(error) => return fails(&error),
    };
    if let Err(error) = write_probe(&place) {
        return fails(&error);
    }
    let free = match fs4::available_space(&place) {
        Ok(free) => free,
        Err(error) => return fails(&error),
    };
    let min_free = config.outbox.min_free.as_u64();
    let free_mib = free / (1024 * 1024);
    if free < min_free {
        let story = format!(
            "`{}` has {free_mib} MiB free, less than `min_free` in [outbox]",
            dir.display()
        );
        return Finding::fails(LEG, story, "make room: until then new results wait in memory");
    }
    let inside = match look_inside(config).await {
        Ok(Inside {
            damage: Some(damage), ..
        }) => {
            return Finding::fails(
                LEG,
                damage,
                "note this down: it was put right as far as it can be, and the next check does not find it again",
            );
        }
        Ok(inside) => inside.story,
        Err(error) => return fails(&*error),
    };
    Finding::ok(
        LEG,
        format!(
            "`{}` can be written and has {free_mib} MiB free; {inside}",
            dir.display()
        ),
    )
}

/// The directory, or the nearest of its parents that exists.
pub(super) fn existing_part(dir: &Path) -> io::Result<PathBuf> {
    dir.ancestors()
        .find(|part| part.is_dir())
        .map(Path::to_owned)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such directory"))
}

fn write_probe(place: &Path) -> io::Result<()> {
    let probe = place.join(format!(".scanbridge-check-{}", std::process::id()));
    std::fs::write(&probe, b"check")?;
    std::fs::remove_file(&probe)
}

struct Inside {
    story: String,
    /// What was lost or put beside.
    damage: Option<String>,
}

impl From<String> for Inside {
    fn from(story: String) -> Self {
        Self { story, damage: None }
    }
}

/// What the outbox says of itself, if there is one.
async fn look_inside(config: &Config) -> Result<Inside, Box<dyn std::error::Error>> {
    let dir = &config.agent.data_dir;
    let (key, store) = (data_dir::seal_key(dir), data_dir::outbox(dir));
    if !key.exists() || !store.exists() {
        return Ok("no agent has worked here yet".to_owned().into());
    }
    match Outbox::open(&config.outbox, &store, SealKey::load_or_create(&key)?) {
        Ok((outbox, report)) => {
            outbox.close().await;
            let story = format!("{} results in the outbox, no agent is running", report.entries);
            let damage = legs::disk::damage(&report);
            Ok(Inside { story, damage })
        }
        Err(OpenError::InUse { pid: Some(pid), .. }) => Ok(format!("an agent is running (process {pid})").into()),
        Err(OpenError::InUse { pid: None, .. }) => Ok("an agent is running".to_owned().into()),
        Err(error) => Err(error.into()),
    }
}
