//! The leg `cloud`: the courier, what it says of itself, and what becomes of the readings it takes.

use std::time::Duration;

use cloud_client::{Client, Config, Pause};
use err_report::Report;
use jiff::Timestamp;
use scan_model::board::{EventKind, ScanEvent, Severity, Upload};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use uploader::{CloudLeg, CloudState, Delivery, ServerClock, Uploader};

use crate::{house::House, identity::Identity, keeper::CLOUD};

/// The courier has eight readings in hand and waits while this is full.
const DELIVERIES: usize = 16;

/// Pause before the files that the configuration names are looked at again.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// What the alerts of this leg begin with; the leg's state follows.
const ALERTS: &str = "cloud-";
const CLONED: &str = "cloned-identity";

/// What the leg works with. Clones work with the same.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    pub(crate) house: House,
    /// What the cloud last said of the time.
    pub(crate) clock: watch::Sender<Option<ServerClock>>,
}

impl Cloud {
    /// Runs a courier until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Some(client) = self.client(&stop).await else { return };
        let identity = uploader::Identity {
            installation: self.identity.installation(),
            instance: self.identity.instance().to_owned(),
            checksum_key: self.house.key.derive("checksum of raw frames").to_vec().into(),
        };
        let (sender, mut deliveries) = mpsc::channel(DELIVERIES);
        let (uploader, mut leg) = Uploader::new(
            client,
            self.house.outbox.clone(),
            identity,
            self.house.board.subscribe(),
            sender,
        );
        let mut running = std::pin::pin!(uploader.run(stop));
        loop {
            self.show(&leg.borrow_and_update());
            tokio::select! {
                () = &mut running => break,
                Ok(()) = leg.changed() => {}
                Some(delivery) = deliveries.recv() => self.delivered(delivery),
            }
        }
        while let Ok(delivery) = deliveries.try_recv() {
            self.delivered(delivery);
        }
    }

    /// A client, as soon as the files that the configuration names can be used. `None` after `stop`.
    async fn client(&self, stop: &CancellationToken) -> Option<Client> {
        loop {
            match Client::new(&self.config) {
                Ok(client) => return Some(client),
                Err(error) => {
                    let advice = format!("Check `ca_file` in [cloud]: {}", Report::new(&error));
                    tracing::error!("{advice}");
                    self.house.board.leg(CLOUD, "misconfigured", Some(advice.clone()));
                    self.house.board.raise("cloud-misconfigured", Severity::Error, advice);
                }
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    }

    fn show(&self, leg: &CloudLeg) {
        let CloudLeg {
            state,
            since,
            advice,
            error,
            clock,
        } = leg;
        let advice = advice.map(|advice| match error {
            Some(error) => format!("{advice} ({error})"),
            None => advice.to_owned(),
        });
        let alert = alert(*state);
        self.house.board.change(|board| {
            let shown = scan_model::board::LegState {
                state: state.as_str().to_owned(),
                since: *since,
                advice: advice.clone(),
            };
            board.legs.insert(CLOUD, shown);
        });
        for prefix in [ALERTS, CLONED] {
            self.house
                .board
                .clear_all_but(prefix, alert.as_ref().map(|(code, _)| code.as_str()));
        }
        if let (Some((code, severity)), Some(advice)) = (alert, advice) {
            self.house.board.raise(&code, severity, advice);
        }
        self.clock.send_if_modified(|known| {
            let news = known != clock;
            *known = *clock;
            news
        });
    }

    /// A reading arrived, or never will by itself: tells it, then shows it.
    fn delivered(&self, delivery: Delivery) {
        let Delivery {
            scanner,
            scan,
            upload,
            code,
        } = delivery;
        let kind = match upload {
            Upload::Uploaded | Upload::Unassigned => Some(EventKind::Uploaded),
            Upload::SetAside => Some(EventKind::SetAside),
            Upload::None | Upload::Waiting | Upload::Uncertain => None,
        };
        if let Some(kind) = kind {
            let time = Timestamp::now();
            self.house.teller.outcome(ScanEvent {
                scanner: scanner.clone(),
                scan,
                kind,
                time,
                code,
                message: None,
            });
        }
        self.house.board.scanner(&scanner, |shown| {
            if let Some(last) = shown.last.as_mut().filter(|last| last.scan == scan) {
                last.upload = upload;
                self.house.teller.last(&scanner, last);
            }
        });
    }
}

/// Alert of a state that somebody should see. A server that is busy for the moment is none: it says so itself.
fn alert(state: CloudState) -> Option<(String, Severity)> {
    match state {
        CloudState::Connecting | CloudState::Ok | CloudState::Unavailable => None,
        CloudState::Paused(Pause::ClonedIdentity) => Some((CLONED.to_owned(), Severity::Error)),
        CloudState::Unreachable => Some((format!("{ALERTS}{}", state.as_str()), Severity::Warning)),
        CloudState::Paused(_) => Some((format!("{ALERTS}{}", state.as_str()), Severity::Error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_an_error_and_an_outage_a_warning() {
        let code = |state| alert(state).map(|(code, severity)| (code, severity == Severity::Error));
        assert_eq!(
            code(CloudState::Paused(Pause::AwaitingLicence)),
            Some(("cloud-awaiting_licence".to_owned(), true))
        );
        assert_eq!(
            code(CloudState::Paused(Pause::ClonedIdentity)),
            Some(("cloned-identity".to_owned(), true))
        );
        assert_eq!(
            code(CloudState::Unreachable),
            Some(("cloud-unreachable".to_owned(), false))
        );
        assert_eq!(code(CloudState::Ok), None);
    }
}
