//! The whole way of a reading in one process: scanner on a pseudo-terminal, agent, broker, hub.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use scanbridge_demo::{Attached, Stage, Verdict, playlist};
use scansim::{Line, Pace, Player};

#[tokio::test(flavor = "multi_thread")]
async fn every_published_record_arrives_with_exactly_its_published_values() {
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
