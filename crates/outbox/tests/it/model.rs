//! Random operations on the outbox and on a model of it that fits on a page.

use std::time::Duration;

use outbox::{
    Code, Config, Disposition, EntryId, EntryKey, Lane, Leased, Lost, NewEntry, Outbox, Outcome, Receipt, State, Step,
    StoreError,
};
use proptest::prelude::*;

use crate::support::{list, open_with};

#[derive(Debug, Clone)]
enum Op {
    Append { key: u8, lane: u8, start: State },
    Lease { max: usize },
    LetGo { which: usize },
    Mark { id: i64, step: u8 },
    Move { id: i64, to: Move },
    Reopen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Acknowledge,
    Retry,
    SetAside,
    Uncertain,
    Release,
    Requeue,
    Discard,
}

fn op() -> impl Strategy<Value = Op> {
    let start = prop_oneof![4 => Just(State::Waiting), 1 => Just(State::Held), 1 => Just(State::SetAside)];
    let to = prop_oneof![
        3 => Just(Move::Acknowledge),
        2 => Just(Move::Retry),
        1 => Just(Move::SetAside),
        1 => Just(Move::Uncertain),
        1 => Just(Move::Release),
        1 => Just(Move::Requeue),
        1 => Just(Move::Discard),
    ];
    prop_oneof![
        6 => (0..20_u8, 0..4_u8, start).prop_map(|(key, lane, start)| Op::Append { key, lane, start }),
        3 => (0..4_usize).prop_map(|max| Op::Lease { max }),
        2 => any::<usize>().prop_map(|which| Op::LetGo { which }),
        1 => (1..12_i64, any::<u8>()).prop_map(|(id, step)| Op::Mark { id, step }),
        6 => (1..12_i64, to).prop_map(|(id, to)| Op::Move { id, to }),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Debug, Clone)]
struct Modelled {
    key: u8,
    lane: u8,
    state: State,
    step: Option<u8>,
    attempts: u32,
    /// Which lease is on it, counted from the first ever given.
    lease: Option<usize>,
}

#[derive(Debug, Default)]
struct Model {
    entries: Vec<Modelled>,
    leases_given: usize,
}

impl Model {
    fn append(&mut self, key: u8, lane: u8, start: State) -> Outcome {
        if let Some(at) = self.entries.iter().position(|entry| entry.key == key) {
            return Outcome::AlreadyPresent {
                id: EntryId(at as i64 + 1),
            };
        }
        self.entries.push(Modelled {
            key,
            lane,
            state: start,
            step: None,
            attempts: 0,
            lease: None,
        });
        Outcome::Stored {
            id: EntryId(self.entries.len() as i64),
        }
    }

    /// The numbers handed out.
    fn lease(&mut self, max: usize) -> Vec<i64> {
        let mut given = Vec::new();
        for lane in 0..4 {
            if self
                .entries
                .iter()
                .any(|entry| entry.lane == lane && entry.lease.is_some())
            {
                continue;
            }
            given.extend(
                self.entries
                    .iter()
                    .position(|entry| entry.lane == lane && entry.state == State::Waiting),
            );
        }
        given.sort_unstable();
        given.truncate(max);
        for at in &given {
            self.entries[*at].lease = Some(self.leases_given);
            self.leases_given += 1;
        }
        given.into_iter().map(|at| at as i64 + 1).collect()
    }

    fn shift(&mut self, id: i64, to: Move) -> bool {
        use State::{Discarded, Held, Sent, SetAside, Uncertain, Waiting};
        let Some(entry) = self.entries.get_mut(id as usize - 1) else {
            return false;
        };
        let state = match (to, entry.state) {
            (Move::Acknowledge, Waiting | Uncertain | Sent) => Sent,
            (Move::Retry, Waiting) => Waiting,
            (Move::SetAside, Waiting | Held | Uncertain) => SetAside,
            (Move::Uncertain, Waiting) => Uncertain,
            (Move::Release, Held) | (Move::Requeue, SetAside | Uncertain | Discarded) => Waiting,
            (Move::Discard, Waiting | Held | SetAside | Uncertain) => Discarded,
            _ => return false,
        };
        match to {
            Move::Retry => entry.attempts += 1,
            Move::Release | Move::Requeue => entry.attempts = 0,
            _ => {}
        }
        entry.state = state;
        entry.lease = None;
        true
    }
}

/// The outbox, its model, and the leases that are out, each with its number in the model.
struct Both {
    dir: tempfile::TempDir,
    outbox: Option<Outbox>,
    model: Model,
    leases: Vec<(usize, Leased)>,
}

impl Both {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Some(open_with(dir.path(), &Config::default()).0);
        Self {
            dir,
            outbox,
            model: Model::default(),
            leases: Vec::new(),
        }
    }

    fn apply(&mut self, op: Op) {
        let outbox = self.outbox.as_ref().unwrap();
        match op {
            Op::Append { key, lane, start } => {
                let disposition = match start {
                    State::Held => Disposition::Hold,
                    State::SetAside => Disposition::SetAside(Code::new("rejected")),
                    _ => Disposition::Send,
                };
                let entry = NewEntry {
                    key: EntryKey(key.to_string()),
                    lane: Lane([lane; 16]),
                    disposition,
                    payload: vec![key; 100],
                };
                assert_eq!(
                    outbox.append(entry).unwrap().wait().unwrap(),
                    self.model.append(key, lane, start)
                );
            }
            Op::Lease { max } => {
                let first = self.model.leases_given;
                let leased = outbox.lease(max).wait().unwrap();
                let given: Vec<i64> = leased.iter().map(|leased| leased.id().0).collect();
                assert_eq!(given, self.model.lease(max));
                for leased in &leased {
                    let modelled = &self.model.entries[leased.id().0 as usize - 1];
                    assert_eq!(leased.entry.payload, vec![modelled.key; 100]);
                    assert_eq!(leased.entry.step, modelled.step.map(|step| Step(vec![step])));
                }
                self.leases.extend((first..).zip(leased));
            }
            Op::LetGo { which } => {
                if !self.leases.is_empty() {
                    let (serial, leased) = self.leases.swap_remove(which % self.leases.len());
                    self.model.entries[leased.id().0 as usize - 1]
                        .lease
                        .take_if(|lease| *lease == serial);
                }
            }
            Op::Mark { id, step } => {
                let marked = outbox.mark(EntryId(id), Step(vec![step])).wait();
                match self.model.entries.get_mut(id as usize - 1) {
                    Some(entry) if entry.state == State::Waiting => {
                        marked.unwrap();
                        entry.step = Some(step);
                    }
                    Some(_) => assert!(matches!(marked, Err(StoreError::WrongState { .. }))),
                    None => assert!(matches!(marked, Err(StoreError::Unknown(_)))),
                }
            }
            Op::Move { id, to } => {
                let id_there = EntryId(id);
                let answer = match to {
                    Move::Acknowledge => outbox.acknowledge(id_there, Receipt(Vec::new())),
                    Move::Retry => outbox.retry_later(id_there, Duration::ZERO, Code::new("unreachable")),
                    Move::SetAside => outbox.set_aside(id_there, Code::new("http-422"), None),
                    Move::Uncertain => outbox.uncertain(id_there),
                    Move::Release => outbox.release(id_there),
                    Move::Requeue => outbox.requeue(id_there),
                    Move::Discard => outbox.discard(id_there),
                };
                assert_eq!(answer.wait().is_ok(), self.model.shift(id, to), "{id} {to:?}");
            }
            Op::Reopen => {
                self.leases.clear();
                self.outbox = None;
                let (outbox, report) = open_with(self.dir.path(), &Config::default());
                assert_eq!((report.lost, report.put_beside), (Lost::None, None));
                self.outbox = Some(outbox);
                self.model.entries.iter_mut().for_each(|entry| entry.lease = None);
            }
        }
        self.compare();
    }

    fn compare(&self) {
        let outbox = self.outbox.as_ref().unwrap();
        let listed: Vec<_> = list(outbox)
            .into_iter()
            .map(|entry| (entry.id.0, entry.key.0, entry.state, entry.attempts))
            .collect();
        let modelled: Vec<_> = (1..)
            .zip(&self.model.entries)
            .map(|(id, entry)| (id, entry.key.to_string(), entry.state, entry.attempts))
            .collect();
        assert_eq!(listed, modelled);
        let stats = *outbox.stats().borrow();
        let counted = [
            stats.waiting,
            stats.held,
            stats.set_aside,
            stats.uncertain,
            stats.sent,
            stats.discarded,
        ];
        let count = |state| self.model.entries.iter().filter(|entry| entry.state == state).count() as u64;
        assert_eq!(counted, State::ALL.map(count));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_do_to_the_outbox_what_they_do_to_its_model(ops in prop::collection::vec(op(), 1..60)) {
        let mut both = Both::new();
        for op in ops {
            both.apply(op);
        }
    }
}
