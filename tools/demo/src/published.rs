//! The show of the published records: a simulated scanner sends them.

use std::{error::Error, time::Duration};

use scansim::{Line, Pace, Player};
use tokio::time::sleep;

use crate::{
    playlist::playlist,
    stage::{Attached, Stage},
    verdict::Verdict,
};

/// Between two people.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two records when nobody watches. Shorter than a device needs; long enough that a bar is seen.
const SHORT_PAUSE: Duration = Duration::from_millis(50);

/// Plays everything `once` and gives the verdict on it, or again and again; then it never ends by itself.
///
/// # Errors
/// The scanner or the agent does not start, or the hub cannot be asked.
pub(crate) async fn play(stage: &mut Stage, pace: Pace, once: bool) -> Result<Verdict, Box<dyn Error>> {
    let mut scanner = Player::new(Line::pty(stage.port())?, pace);
    stage.start_agent(Attached::Published).await?;
    let tracks = playlist();
    for track in &tracks {
        scanner.play(&track.bytes).await?;
        sleep(if once { SHORT_PAUSE } else { PAUSE }).await;
    }
    if !once {
        for rounds in 1.. {
            for track in &tracks {
                scanner.play(&track.again(rounds)).await?;
                sleep(PAUSE).await;
            }
        }
    }
    Ok(Verdict::reach(&tracks, "published", stage.hub(), &stage.viewer_secret()).await?)
}
