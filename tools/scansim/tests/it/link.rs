//! The simulated scan-link scanner, with a bridge's endpoint at the other end of the line.

use std::{collections::BTreeMap, time::Duration};

use firmware_protocol::{
    Ending, Host, HostEvent, Item, LineConfig, MetricId, Progress, Record, ResultKey, ScanKind, ScanRef, Stage, Start,
};
use scansim::{
    Fault, FaultPlan, Line, Pace, Player,
    scan_link::{Happened, LinkScanner, LinkSettings, Person, Store, published},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

/// More than anything takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn everybody_arrives_once_with_the_published_values_and_every_stage_in_order() {
    let scanner = Life::begin(5, Store::volatile(), FaultPlan::none()).await;
    let mut bridge = Bridge::default();
    scanner.end_with(&mut bridge).await;

    let people = published();
    assert_eq!(bridge.results.len(), 5);
    for (place, (key, bytes)) in bridge.results.iter().enumerate() {
        assert_eq!(key.result.number as usize, place + 1);
        assert_is(&people[place % people.len()], bytes);
    }
    for person in 1..=5 {
        let of_scan = |progress: &&Progress| progress.scan == ScanRef::WalkUp(person);
        let stages = bridge.progress.iter().filter(of_scan);
        let stages: Vec<_> = stages
            .map(|progress| (progress.stage.code(), progress.percent))
            .collect();
        assert!(stages.is_sorted(), "{stages:?}");
        let measuring = Stage::Measuring.code();
        assert!(stages.iter().any(|(stage, _)| *stage == measuring), "{stages:?}");
    }
}

#[tokio::test]
async fn a_bad_line_delays_results_and_neither_loses_nor_doubles_nor_changes_any() {
    let kinds = [
        Fault::Noise,
        Fault::Cut,
        Fault::Flip,
        Fault::Stall,
        Fault::Duplicate,
        Fault::Parity,
    ];
    let faults = FaultPlan::new(&kinds, 7).one_in(4).stall(Duration::from_millis(20));
    let scanner = Life::begin(4, Store::volatile(), faults).await;
    let mut bridge = Bridge::default();
    let happened = scanner.end_with(&mut bridge).await;

    let struck = kinds.iter().filter(|kind| happened.contains(&Happened::Fault(**kind)));
    assert!(struck.count() >= 3, "the line was bad");
    assert_eq!(bridge.results.len(), 4);
    for (person, (_, bytes)) in published().iter().zip(&bridge.results) {
        assert_is(person, bytes);
    }
}

#[tokio::test]
async fn a_pulled_cable_costs_no_result() {
    let faults = FaultPlan::new(&[Fault::Unplug], 3)
        .one_in(6)
        .unplugged(Duration::from_millis(10));
    let scanner = Life::begin(3, Store::volatile(), faults).await;
    let mut bridge = Bridge::default();
    let happened = scanner.end_with(&mut bridge).await;
    assert!(happened.contains(&Happened::Fault(Fault::Unplug)));
    assert_eq!(bridge.numbers(), [1, 2, 3]);
}

#[tokio::test]
async fn people_are_measured_while_no_bridge_is_there_and_their_results_wait() {
    let mut scanner = Life::begin(3, Store::volatile(), FaultPlan::none()).await;
    for _ in 0..3 {
        scanner
            .wait_for(|happened| matches!(happened, Happened::Kept(..)))
            .await;
    }
    let mut bridge = Bridge::default();
    scanner.end_with(&mut bridge).await;
    assert_eq!(bridge.numbers(), [1, 2, 3], "oldest first");
}

#[tokio::test]
async fn what_was_not_confirmed_outlives_bridge_and_scanner_and_comes_again_under_its_key() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("flash");
    let scanner = Life::begin(1, Store::open(&file).expect("a new file"), FaultPlan::none()).await;
    let mut forgetful = Bridge {
        confirms: false,
        ..Bridge::default()
    };
    forgetful
        .talk(&scanner.address, |bridge| bridge.results.len() == 1)
        .await;
    scanner.task.abort();

    // Nobody steps on any more: what comes is what was kept.
    let scanner = Life::begin(0, Store::open(&file).expect("the same file"), FaultPlan::none()).await;
    let mut bridge = Bridge::default();
    scanner.end_with(&mut bridge).await;
    assert_eq!(bridge.results, forgetful.results);
    assert_eq!(Store::open(&file).expect("the same file").waiting(), 0);
}

#[tokio::test]
async fn a_scan_that_the_bridge_asks_for_is_done_with_the_next_person() {
    let settings = LinkSettings {
        people: u64::MAX,
        gap: Duration::from_millis(50),
        tempo: 30,
        ..LinkSettings::default()
    };
    let scanner = Life::begin_as(&settings, Store::volatile(), FaultPlan::none()).await;
    let mut bridge = Bridge {
        asks_for: Some(Start {
            scan: 77,
            kind: ScanKind::Weight,
            screened: false,
            subject: firmware_protocol::Subject::default(),
        }),
        ..Bridge::default()
    };
    let is_asked_for = |(_, bytes): &(ResultKey, Vec<u8>)| {
        let record = Record::parse(bytes).expect("a good record");
        record.header.scan == ScanRef::Asked(77) && record.items().count() == 1
    };
    let talk = bridge.talk(&scanner.address, |bridge| bridge.results.iter().any(is_asked_for));
    timeout(DEADLINE, talk).await.expect("in time");
    scanner.task.abort();
}

/// A scanner that lives beside the test, until it is done.
struct Life {
    address: String,
    happened: mpsc::UnboundedReceiver<Happened>,
    task: JoinHandle<()>,
}

impl Life {
    async fn begin(people: u64, store: Store, faults: FaultPlan) -> Self {
        let settings = LinkSettings {
            people,
            tempo: 30,
            ..LinkSettings::default()
        };
        Self::begin_as(&settings, store, faults).await
    }

    async fn begin_as(settings: &LinkSettings, store: Store, faults: FaultPlan) -> Self {
        let line = Line::tcp("127.0.0.1:0").await.expect("a free port");
        let address = line.name();
        let player = Player::new(line, Pace::Unlimited).with_faults(faults);
        let mut scanner = LinkScanner::new(player, store, settings);
        let (tell, happened) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while !scanner.is_done() {
                let happened = scanner.step().await.expect("neither line nor memory fail");
                let _ = tell.send(happened);
            }
        });
        Self {
            address,
            happened,
            task,
        }
    }

    async fn wait_for(&mut self, wanted: impl Fn(&Happened) -> bool) {
        let until = async { while !wanted(&self.happened.recv().await.expect("not done before")) {} };
        timeout(DEADLINE, until).await.expect("in time");
    }

    /// Lets a bridge talk, and connect again when the line is lost, until the scanner is done; what happened meanwhile.
    async fn end_with(mut self, bridge: &mut Bridge) -> Vec<Happened> {
        let mut task = self.task;
        let together = async {
            loop {
                tokio::select! {
                    ended = &mut task => break ended.expect("the scanner is well"),
                    () = bridge.talk(&self.address, |_| false) => {}
                }
            }
        };
        timeout(DEADLINE, together).await.expect("in time");
        std::iter::from_fn(|| self.happened.try_recv().ok()).collect()
    }
}

/// A bridge that keeps what it gets, and confirms it if it is told to.
struct Bridge {
    confirms: bool,
    asks_for: Option<Start>,
    results: Vec<(ResultKey, Vec<u8>)>,
    progress: Vec<Progress>,
}

impl Default for Bridge {
    fn default() -> Self {
        Self {
            confirms: true,
            asks_for: None,
            results: Vec::new(),
            progress: Vec::new(),
        }
    }
}

impl Bridge {
    fn numbers(&self) -> Vec<u32> {
        self.results.iter().map(|(key, _)| key.result.number).collect()
    }

    /// Starts anew, knowing what it has kept, and talks until the line ends or it has enough.
    async fn talk(&mut self, address: &str, enough: impl Fn(&Self) -> bool) {
        let mut stream = TcpStream::connect(address).await.expect("the scanner listens");
        let epoch = Instant::now();
        let now = || {
            let micros = epoch.elapsed().as_micros();
            firmware_protocol::Instant::from_micros(u64::try_from(micros).expect("minutes"))
        };
        let mut host = Host::new(LineConfig::new(fastrand::u32(..)), now());
        for (key, _) in &self.results {
            host.confirm_stored(*key);
        }
        let mut buffer = [0; 1024];
        while !enough(self) {
            host.handle_timeout(now());
            self.take_events(&mut host);
            while let Some(frame) = host.poll_transmit(now()) {
                if stream.write_all(frame).await.is_err() {
                    return;
                }
            }
            let wake = host
                .poll_timeout()
                .map_or(DEADLINE, |due| Duration::from_micros(due.micros()));
            tokio::select! {
                read = stream.read(&mut buffer) => match read {
                    Ok(count @ 1..) => host.handle_bytes(now(), &buffer[..count]),
                    _ => return,
                },
                () = sleep_until(epoch + wake) => {}
            }
            self.take_events(&mut host);
        }
    }

    fn take_events(&mut self, host: &mut Host) {
        let mut stored = None;
        let mut ask = false;
        while let Some(event) = host.poll_event() {
            match event {
                // Refused while somebody stands on it: once more.
                HostEvent::Connected(_)
                | HostEvent::Ended {
                    ending: Ending::Refused(_),
                    ..
                } => ask = true,
                HostEvent::Progress(progress) => self.progress.push(progress),
                HostEvent::Result(received) => {
                    self.results.push((received.key, received.bytes.to_vec()));
                    // A scanner sends the next result only after this one is confirmed.
                    stored = Some(received.key).filter(|_| self.confirms);
                }
                _ => {}
            }
        }
        if let Some(key) = stored {
            host.confirm_stored(key);
        }
        if let Some(start) = self.asks_for.clone().filter(|_| ask) {
            host.start(start).expect("there is a session");
        }
    }
}

fn assert_is(person: &Person, bytes: &[u8]) {
    let record = Record::parse(bytes).expect("a good record");
    assert_eq!(record.header.completeness, person.completeness, "{}", person.id);
    assert!(record.header.subject == person.subject, "{}", person.id);
    let mut values = BTreeMap::new();
    let mut impedances = Vec::new();
    for item in record.items() {
        match item {
            Item::Value(metric, value) => assert!(values.insert(metric, value).is_none(), "{metric:?} twice"),
            Item::Impedance(impedance) => impedances.push(impedance),
        }
    }
    let expected: BTreeMap<MetricId, _> = person.values.iter().copied().collect();
    assert_eq!(values, expected, "{}", person.id);
    assert_eq!(impedances, person.impedances, "{}", person.id);
}

mod command_line {
    use std::{
        io::{BufRead as _, BufReader, Read as _},
        process::{Child, Command, Stdio},
    };

    use super::*;

    fn scansim(arguments: &[&str]) -> (Child, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scansim"))
            .args(["--tcp", "127.0.0.1:0", "--scan-link", "--gap", "0s", "--tempo", "30"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("scansim starts");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut address).expect("an address");
        (child, address.trim_end().to_owned())
    }

    fn end_of(mut child: Child) -> (Option<i32>, String) {
        let status = child.wait().expect("it ends");
        let mut talk = String::new();
        child
            .stderr
            .take()
            .expect("piped")
            .read_to_string(&mut talk)
            .expect("text");
        (status.code(), talk)
    }

    #[tokio::test]
    async fn it_ends_by_itself_when_every_result_is_confirmed_as_stored() {
        let (child, address) = scansim(&["--repeat", "2"]);
        let mut bridge = Bridge::default();
        timeout(DEADLINE, bridge.talk(&address, |_| false))
            .await
            .expect("the scanner ends");
        assert_eq!(bridge.numbers(), [1, 2]);
        let (code, talk) = end_of(child);
        assert_eq!(code, Some(0), "{talk}");
        assert!(talk.contains("every result is confirmed as stored"), "{talk}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn stopped_too_early_it_says_so_and_sends_the_rest_at_the_next_start() {
        use rustix::process::{Pid, Signal, kill_process};

        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("flash");
        let file = file.to_str().expect("utf-8");
        let (child, address) = scansim(&["--state", file]);
        let mut forgetful = Bridge {
            confirms: false,
            ..Bridge::default()
        };
        forgetful.talk(&address, |bridge| bridge.results.len() == 1).await;
        kill_process(Pid::from_child(&child), Signal::TERM).expect("signal");
        let (code, talk) = end_of(child);
        assert_eq!(code, Some(5), "{talk}");
        assert!(talk.contains("stopped while 1 results were not confirmed"), "{talk}");

        let (child, address) = scansim(&["--state", file, "--repeat", "1"]);
        let mut bridge = Bridge::default();
        timeout(DEADLINE, bridge.talk(&address, |_| false))
            .await
            .expect("the scanner ends");
        assert_eq!(bridge.results[0], forgetful.results[0]);
        assert_eq!(bridge.results.len(), 2);
        assert_eq!(end_of(child).0, Some(0));
    }

    #[test]
    fn a_foreign_state_file_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), "diary").expect("write");
        let (child, _) = scansim(&["--state", file.path().to_str().expect("utf-8")]);
        let (code, talk) = end_of(child);
        assert_eq!(code, Some(3), "{talk}");
        assert!(talk.contains(file.path().to_str().expect("utf-8")), "{talk}");
    }
}
