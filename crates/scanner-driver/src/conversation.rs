//! One session's talk with one open port: bytes in, events out, frames to write, timers.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use scan_model::Name;
use scanner_protocol::{Command, Counters, LineEvent, Session, Tick};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::hearing::Hearing;
use crate::link::{Link, Moved};
use crate::scanner::{CommandRequest, DriverEvent};
use crate::{Config, SerialSettings};

/// A session with everything around it that outlives one opening of the port.
pub(crate) struct Conversation {
    pub(crate) scanner: Name,
    pub(crate) events: mpsc::Sender<DriverEvent>,
    session: Session,
    settings: SerialSettings,
    /// What the session makes of the bytes that come.
    hearing: Hearing,
    commands: mpsc::Receiver<CommandRequest>,
    counters: watch::Sender<Counters>,
    /// Tick zero.
    epoch: Instant,
    /// Found, and not yet taken by the agent. Never more than one chunk brings: while there are any, nothing is read.
    undelivered: VecDeque<DriverEvent>,
    /// Frames to write; the first may be partly written.
    outgoing: VecDeque<Outgoing>,
    /// When the last bit of a written frame has passed the wire.
    leaves_at: Option<Instant>,
}

struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

/// How long a record that is on the wire when the driver is stopped may take to end: the longest known takes 1.35 s at
/// 9600 baud, and most scanners never send it again.
const LAST_RECORD: Duration = Duration::from_secs(2);

/// Bytes that have arrived are readable within this time, also on a busy machine.
const QUIET: Duration = Duration::from_millis(200);

impl Conversation {
    pub(crate) fn new(
        config: &Config,
        session: Session,
        events: mpsc::Sender<DriverEvent>,
        commands: mpsc::Receiver<CommandRequest>,
        counters: watch::Sender<Counters>,
    ) -> Self {
        Self {
            scanner: config.id.clone(),
            events,
            session,
            settings: config.settings(),
            hearing: Hearing::of(config.protocol),
            commands,
            counters,
            epoch: Instant::now(),
            undelivered: VecDeque::new(),
            outgoing: VecDeque::new(),
            leaves_at: None,
        }
    }

    /// Tells the session that the port was opened or has gone. Frames for a port that has gone are dropped.
    pub(crate) fn line(&mut self, event: LineEvent) {
        self.outgoing.clear();
        self.leaves_at = None;
        let now = Instant::now();
        self.session.handle_line(self.tick(now), event);
        self.collect(now);
    }

    /// Waits for the next thing to happen and deals with it: room for an event, a command, bytes, a timer. Without a
    /// port the last two do not happen.
    ///
    /// Cancel-safe: bytes are handed to the session in the same poll that read them.
    ///
    /// # Errors
    /// The port has gone or failed.
    pub(crate) async fn step<P>(&mut self, link: Option<&mut Link<P>>) -> io::Result<()>
    where
        P: AsyncRead + AsyncWrite + Unpin,
    {
        // While the agent takes no events nothing is read, so the kernel's buffer keeps the bytes; and timers rest, or
        // a session would see silence in the middle of a record that waits in that buffer.
        let free = self.undelivered.is_empty();
        let due = self.due().filter(|_| free && link.is_some());
        let mut link = link.filter(|_| free);
        // The next frame waits until the one before it has left, so that each is told of as sent.
        let next_frame = self.outgoing.front().filter(|_| self.leaves_at.is_none());
        let unwritten = next_frame.map_or(&[][..], Outgoing::rest);

        tokio::select! {
            biased;
            () = deliver(&self.events, &mut self.undelivered), if !free => {}
            Some(request) = self.commands.recv() => self.obey(request),
            // Before the timer: when both are ready, as after the machine slept, the bytes came first.
            moved = exchange(link.as_deref_mut(), unwritten) => match moved? {
                Moved::Received(count) => {
                    let Some(link) = link else { return Ok(()) };
                    let now = Instant::now();
                    self.session.handle_bytes(self.tick(now), link.received(count));
                    self.hearing.hear(count, self.session.counters());
                    self.collect(now);
                }
                Moved::Written(count) => self.note_written(count),
            },
            () = wait_until(due) => self.handle_due(),
        }
        Ok(())
    }

    /// How many bytes have meant nothing, until the session knows what it listens to.
    pub(crate) fn noise(&self) -> Option<u64> {
        (!self.session.is_recognised()).then(|| self.session.counters().bytes_skipped)
    }

    /// Whether what came last means nothing to the session.
    pub(crate) fn hears_noise(&self) -> bool {
        self.hearing.is_noise()
    }

    /// What comes next may come from another device.
    pub(crate) fn forget_noise(&mut self) {
        self.hearing.forget(self.session.counters());
    }

    /// Whether the session waits for something to follow, as in the middle of a record.
    pub(crate) fn is_open(&self) -> bool {
        self.session.poll_timeout().is_some()
    }

    /// Takes what has arrived and is not read yet, and the rest of a record that is on the wire. What is not complete
    /// in time stays a fragment.
    pub(crate) async fn finish<P>(&mut self, link: &mut Link<P>)
    where
        P: AsyncRead + AsyncWrite + Unpin,
    {
        let deadline = Instant::now() + LAST_RECORD;
        while Instant::now() < deadline {
            let is_busy = self.is_open() || !self.undelivered.is_empty();
            let patience = if is_busy { LAST_RECORD } else { QUIET };
            let until = deadline.min(Instant::now() + patience);
            let Ok(Ok(())) = timeout_at(until, self.step(Some(link))).await else {
                return;
            };
        }
    }

    /// Gives a scanner that the session has taken over back to its own keys.
    pub(crate) fn release(&mut self) {
        let now = Instant::now();
        // Families that only send refuse: they have taken nothing over.
        let _ = self.session.handle_command(self.tick(now), Command::Release);
        self.collect(now);
    }

    /// Hands over what is left. Ends when the agent has taken everything or listens no more.
    pub(crate) async fn deliver_rest(&mut self) {
        // Nobody obeys any more. An agent that waits for an answer takes no events meanwhile: it has to hear that there is none.
        self.commands.close();
        while self.commands.recv().await.is_some() {}
        while !self.undelivered.is_empty() {
            deliver(&self.events, &mut self.undelivered).await;
        }
    }

    fn obey(&mut self, request: CommandRequest) {
        let now = Instant::now();
        let answer = self.session.handle_command(self.tick(now), request.command);
        self.collect(now);
        // Whoever asked may have stopped waiting.
        let _ = request.answer.send(answer);
    }

    fn note_written(&mut self, count: usize) {
        let Some(frame) = self.outgoing.front_mut() else { return };
        frame.written += count;
        if frame.rest().is_empty() {
            // Written means that the kernel has it. Asking the kernel when it has left (tcdrain) would block the
            // thread; the wire's speed tells as well.
            self.leaves_at = Some(Instant::now() + self.settings.wire_time(frame.bytes.len()));
            self.outgoing.pop_front();
        }
    }

    fn handle_due(&mut self) {
        let now = Instant::now();
        if self.leaves_at.is_some_and(|left| left <= now) {
            self.leaves_at = None;
            self.session.handle_sent(self.tick(now));
        }
        self.session.handle_timeout(self.tick(now));
        self.collect(now);
    }

    /// Drains the session, as it asks for after each `handle_*`.
    fn collect(&mut self, now: Instant) {
        while let Some(transmit) = self.session.poll_transmit() {
            self.outgoing.push_back(Outgoing {
                bytes: transmit.0,
                written: 0,
            });
        }
        let (at, received_at) = (now.into_std(), Timestamp::now());
        while let Some(event) = self.session.poll_event() {
            let scanner = self.scanner.clone();
            self.undelivered.push_back(DriverEvent {
                scanner,
                at,
                received_at,
                event,
            });
        }
        self.counters.send_if_modified(|published| {
            let changed = published != self.session.counters();
            if changed {
                published.clone_from(self.session.counters());
            }
            changed
        });
    }

    fn due(&self) -> Option<Instant> {
        let session = self
            .session
            .poll_timeout()
            .map(|tick| self.epoch + tick.since(Tick::default()));
        session.into_iter().chain(self.leaves_at).min()
    }

    fn tick(&self, now: Instant) -> Tick {
        Tick::since_start(now - self.epoch)
    }
}

impl Outgoing {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }
}

/// Hands one event over as soon as the agent has room for it; drops all if nobody listens any more. Cancel-safe.
async fn deliver(events: &mpsc::Sender<DriverEvent>, undelivered: &mut VecDeque<DriverEvent>) {
    match events.reserve().await {
        Ok(room) => {
            if let Some(event) = undelivered.pop_front() {
                room.send(event);
            }
        }
        Err(_nobody_listens) => undelivered.clear(),
    }
}

async fn exchange<P>(link: Option<&mut Link<P>>, unwritten: &[u8]) -> io::Result<Moved>
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    match link {
        Some(link) => link.exchange(unwritten).await,
        None => pending().await,
    }
}

pub(crate) async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use scan_model::Metric;
    use scanner_protocol::{Event, Options, Protocol};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::{PortSelector, UnknownPerson};

    const RECORD: &[u8] = b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n";

    /// A conversation whose agent has room for one event, the scanner's end of the cable, and the agent's end.
    fn set_up() -> (
        Conversation,
        DuplexStream,
        Link<DuplexStream>,
        mpsc::Receiver<DriverEvent>,
    ) {
        let config = Config {
            id: "bay-1".parse().expect("name"),
            port: PortSelector::Path("unused".into()),
            protocol: Protocol::TanitaTagged,
            pc_dialect: scanner_protocol::PcDialect::default(),
            positional_model: None,
            serial: None,
            unknown_person: UnknownPerson::default(),
        };
        let session = Session::new(config.protocol, Options::default());
        let (event_sender, events) = mpsc::channel(1);
        let (counters, _) = watch::channel(Counters::default());
        let (_, commands) = mpsc::channel(1);
        let conversation = Conversation::new(&config, session, event_sender, commands, counters);
        let (cable, port) = duplex(4096);
        (conversation, cable, Link::new(port), events)
    }

    async fn next_weight(
        conversation: &mut Conversation,
        link: &mut Link<DuplexStream>,
        events: &mut mpsc::Receiver<DriverEvent>,
    ) -> String {
        loop {
            let event = tokio::select! {
                biased;
                event = events.recv() => event.expect("an event").event,
                step = conversation.step(Some(link)) => { step.expect("the port is fine"); continue }
            };
            match event {
                Event::Stage { .. } => {}
                Event::Record(record) => return record.get(Metric::BODY_WEIGHT).expect("weight").value.to_string(),
                other => panic!("{other:?} instead of a record"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_is_polled_once_and_dropped_loses_no_byte() {
        let (mut conversation, mut cable, mut link, mut events) = set_up();
        let feed = async {
            for byte in RECORD {
                cable.write_all(&[*byte]).await.expect("write");
                tokio::task::yield_now().await;
            }
            pending::<()>().await;
        };
        let read = async {
            loop {
                // Whatever the step was doing, it is dropped after one poll.
                let _ = conversation.step(Some(&mut link)).now_or_never();
                while let Ok(event) = events.try_recv() {
                    if let Event::Record(record) = event.event {
                        return record.raw;
                    }
                }
                tokio::task::yield_now().await;
            }
        };
        let raw = tokio::select! { raw = read => raw, () = feed => unreachable!("feeds for ever") };
        assert_eq!(raw, RECORD.trim_ascii_end());
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_stalls_in_the_middle_of_a_record_does_not_cut_it() {
        let (mut conversation, mut cable, mut link, mut events) = set_up();
        let (head, tail) = RECORD.split_at(20);
        cable.write_all(RECORD).await.expect("write");
        cable.write_all(head).await.expect("write");
        // One chunk with more events than the agent has room for, then a minute in which it takes none.
        let stalled = async {
            loop {
                conversation.step(Some(&mut link)).await.expect("the port is fine");
            }
        };
        let minute = tokio::time::timeout(Duration::from_secs(60), stalled).await;
        assert!(minute.is_err());
        cable.write_all(tail).await.expect("write");
        for _ in 0..2 {
            assert_eq!(next_weight(&mut conversation, &mut link, &mut events).await, "165.4");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_waits_for_an_answer_before_it_takes_the_rest_hears_that_there_is_none() {
        let (mut conversation, mut cable, mut link, mut events) = set_up();
        let (commander, commands) = mpsc::channel(1);
        conversation.commands = commands;
        cable.write_all(RECORD).await.expect("write");
        while conversation.undelivered.len() < 2 {
            conversation.step(Some(&mut link)).await.expect("the port is fine");
        }
        // The agent has room for one event, and somebody else's command waits before its own.
        let ask = async || {
            let (answer, answered) = tokio::sync::oneshot::channel();
            let command = Command::Release;
            // A driver that has ended takes none.
            let _ = commander.send(CommandRequest { command, answer }).await;
            assert!(answered.await.is_err(), "nobody obeys");
        };
        let agent = async {
            tokio::join!(ask(), ask());
            while !matches!(events.recv().await.expect("an event").event, Event::Record(_)) {}
        };
        let ends = async { tokio::join!(agent, conversation.deliver_rest()) };
        // In virtual time: the clock moves when nobody can go on.
        tokio::time::timeout(LAST_RECORD, ends).await.expect("both end");
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_written_whole_and_each_waits_until_the_one_before_it_has_left_the_wire() {
        let (mut conversation, ..) = set_up();
        // The port takes each frame in three pieces.
        let (mut cable, port) = duplex(16);
        let mut link = Link::new(port);
        let bytes: Vec<u8> = (0..96).collect();
        let frames = bytes.chunks(48).map(|frame| Outgoing {
            bytes: frame.to_vec(),
            written: 0,
        });
        conversation.outgoing.extend(frames);

        let start = Instant::now();
        let write = async {
            while conversation.leaves_at.is_some() || !conversation.outgoing.is_empty() {
                conversation.step(Some(&mut link)).await.expect("the port is fine");
            }
        };
        let mut got = vec![0; bytes.len()];
        let ((), read) = tokio::join!(write, cable.read_exact(&mut got));
        read.expect("the cable is fine");
        assert_eq!(got, bytes);
        // Twice 48 bytes of ten bits at 9600 baud, in virtual time; timers are exact to the millisecond.
        assert!(start.elapsed().as_millis().abs_diff(100) <= 2, "{:?}", start.elapsed());
    }
}
