//! What an item says: the board put into words.

use jiff::Timestamp;
use scan_model::board::{Board, ScannerState};
use uuid::Uuid;

use super::{Desk, Item, Slot, TAKEN_OVER};
use crate::{
    message::{Body, Envelope, Leg, Message, ScannerInfo, event_id},
    topic::Channel,
};

impl Desk {
    /// The message that says `item` now; an empty one if there is nothing to be said of it any more.
    pub(super) fn write(&self, item: &Item, now: Timestamp) -> Message {
        let board = &*self.board;
        let state = |scanner| board.scanners.get(scanner);
        let (scanner, channel, body) = match item {
            Item::Event(event) => {
                let body = Body::Event {
                    scan: event.scan,
                    kind: event.kind,
                    code: event.code.as_deref(),
                    message: event.message.as_deref(),
                };
                (Some(&event.scanner), Channel::Event, Some(body))
            }
            Item::Progress(scanner, progress) => {
                let body = Body::Progress(progress);
                (Some(scanner), Channel::Progress, Some(body))
            }
            Item::Slot(slot) => match slot {
                Slot::Agent => (None, Channel::Agent, Some(Body::Agent(self.agent))),
                Slot::Info => (None, Channel::Info, Some(self.info())),
                Slot::Health => (None, Channel::Health, Some(health(board, now))),
                Slot::Alert(code) => (None, Channel::Alert(code), self.alert(code)),
                Slot::Status(of) => (Some(of), Channel::Status, state(of).map(status)),
                Slot::Scan(of) => {
                    let body = self.running.get(of).map(Body::Progress);
                    (Some(of), Channel::Scan, body)
                }
                Slot::Last(of) => (Some(of), Channel::Last, state(of).and_then(last)),
            },
        };
        let Some(body) = body else {
            return Message::emptied(&self.tree, scanner, channel);
        };
        let (id, time) = match item {
            Item::Event(event) => (event_id(event.scan, event.kind), event.time),
            Item::Slot(Slot::Last(of)) => {
                let ended = state(of).and_then(|scanner| scanner.last.as_ref());
                (Uuid::now_v7(), ended.map_or(now, |last| last.time))
            }
            _ => (Uuid::now_v7(), now),
        };
        let envelope = Envelope {
            id,
            session: self.session,
            time,
            published: now,
            time_quality: board.time_quality,
        };
        Message::new(&self.tree, scanner, channel, &envelope, &body)
    }

    fn info(&self) -> Body<'_> {
        Body::Info {
            version: &self.board.agent.version,
            platform: &self.board.agent.platform,
            rev: self.revision,
            scanners: info(&self.board).2,
        }
    }

    fn alert<'a>(&'a self, code: &'a str) -> Option<Body<'a>> {
        let own = self.taken_over.as_ref().filter(|_| code == TAKEN_OVER);
        let alert = own.or_else(|| self.board.alerts.get(code))?;
        Some(Body::Alert {
            code,
            severity: alert.severity,
            since: alert.since,
            message: &alert.message,
        })
    }
}

pub(super) fn info(board: &Board) -> (&str, &str, Vec<ScannerInfo<'_>>) {
    let scanners = board.scanners.iter().map(|(scanner, state)| ScannerInfo {
        scanner,
        protocol: &state.protocol,
        model: state.model.as_deref(),
        serial_settings: state.serial_settings.as_deref(),
    });
    let agent = &board.agent;
    (&agent.version, &agent.platform, scanners.collect())
}

fn health(board: &Board, now: Timestamp) -> Body<'_> {
    let scanners = board.scanners.iter();
    let scanners = scanners.map(|(name, state)| (name.as_str(), Leg::Scanner(state.activity)));
    let others = board.legs.iter();
    let others = others.map(|(name, leg)| (*name, Leg::Other(&leg.state)));
    Body::Health {
        queue_depth: board.queue.depth,
        // A clock that was set back must not show a negative age.
        oldest_unsent_s: board
            .queue
            .oldest
            .map(|oldest| now.duration_since(oldest).as_secs().max(0)),
        set_aside: board.queue.set_aside,
        disk_free_bytes: board.queue.disk_free,
        clock_offset_ms: board.clock_offset_ms,
        legs: scanners.chain(others).collect(),
    }
}

pub(super) fn status(state: &ScannerState) -> Body<'_> {
    Body::Status {
        state: state.activity,
        since: state.since,
        code: state.code.as_deref(),
    }
}

fn last(state: &ScannerState) -> Option<Body<'_>> {
    state.last.as_ref().map(|last| Body::Last {
        scan: last.scan,
        result: last.result,
        upload: last.upload,
    })
}
