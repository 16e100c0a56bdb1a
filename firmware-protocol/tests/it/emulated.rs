//! The firmware of `examples/body-scanner` on an emulated Cortex-M4, its UART on a socket, a bridge's endpoint at the other end.
//!
//! Needs `qemu-system-arm` and a compiler for the board (see `examples/body-scanner/build.sh`); skipped with a word where one
//! is missing, unless `SCANBRIDGE_REQUIRE_REAL_PARTS=1`.

use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant as Time},
};

use firmware_protocol::*;

/// More than any single step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the build script says where there is no compiler for the board.
const NO_COMPILER: i32 = 3;

/// The emulated board. Ends with the test.
struct Board {
    qemu: Child,
    folder: PathBuf,
    line: UnixStream,
    console: UnixStream,
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Board {
    fn start(name: &str) -> Option<Self> {
        let image = images()?.join("body-scanner");
        let folder = std::env::temp_dir().join(format!("scan-link-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // The processor starts when both are connected, so that nobody steps on before the first word on the console.
        let socket = |file: &str| format!("unix:{},server=on,wait=on", folder.join(file).display());
        let qemu = Command::new("qemu-system-arm")
            .args([
                "-M",
                "mps2-an386",
                "-cpu",
                "cortex-m4",
                "-display",
                "none",
                "-monitor",
                "none",
            ])
            .args(["-serial", &socket("line"), "-serial", &socket("console"), "-kernel"])
            .arg(&image)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let line = connect(&folder.join("line"));
        let console = connect(&folder.join("console"));
        Some(Self {
            qemu,
            folder,
            line,
            console,
        })
    }

    /// Types a line and returns the answer.
    fn type_line(&mut self, line: &str) -> String {
        self.console.set_nonblocking(false).unwrap();
        self.console.set_read_timeout(Some(PATIENCE)).unwrap();
        self.console.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while self.console.read(&mut byte).expect("an answer from the console") == 1 && byte[0] != b'\n' {
            answer.push(byte[0]);
        }
        String::from_utf8(answer).unwrap()
    }

    /// A number of the report.
    fn number(&mut self, name: &str) -> u32 {
        let report = self.type_line("report");
        let word = report.split(' ').find_map(|word| word.strip_prefix(name));
        word.unwrap_or_else(|| panic!("{report}")).parse().unwrap()
    }
}

/// A scanner whose memory was erased must not give new results the numbers of old ones. Of three, because what an emulated board
/// draws a number from is the time a byte takes to arrive.
#[test]
fn new_boards_do_not_all_count_their_starts_from_the_same_number() {
    let first = |name: &&str| {
        let mut board = Board::start(name)?;
        board.type_line("every 0");
        Some(board.number("boot="))
    };
    let firsts: Option<Vec<_>> = ["new", "newer", "newest"].iter().map(first).collect();
    let Some(firsts) = firsts else { return };
    assert!(firsts.iter().any(|boot| *boot != firsts[0]), "{firsts:?}");
}

/// The folder of the firmware's images, built now; `None` if the test is to be skipped.
fn images() -> Option<PathBuf> {
    let missing = |what: &str| {
        assert!(std::env::var_os("SCANBRIDGE_REQUIRE_REAL_PARTS").is_none(), "{what}");
        eprintln!("skipped: {what}");
        None
    };
    let qemu = Command::new("qemu-system-arm")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if qemu.is_err() {
        return missing("qemu-system-arm is not installed");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/body-scanner/build.sh");
    let built = Command::new(script).output().unwrap();
    let errors = String::from_utf8_lossy(&built.stderr);
    if built.status.code() == Some(NO_COMPILER) {
        return missing(&errors);
    }
    assert!(built.status.success(), "the firmware does not build:\n{errors}");
    Some(PathBuf::from(String::from_utf8_lossy(&built.stdout).trim()))
}

/// Bytes of flash that an image takes: what its ELF program headers load.
fn flash(image: &Path) -> u32 {
    let elf = std::fs::read(image).unwrap();
    let half = |at: usize| usize::from(u16::from_le_bytes([elf[at], elf[at + 1]]));
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap());
    let (table, size, count) = (word(0x1C) as usize, half(0x2A), half(0x2C));
    let headers = (0..count).map(|number| table + number * size);
    headers
        .filter(|header| word(*header) == 1)
        .map(|header| word(header + 0x10))
        .sum()
}

fn connect(path: &Path) -> UnixStream {
    let deadline = Time::now() + PATIENCE;
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return stream,
            Err(error) => assert!(Time::now() < deadline, "no socket at {}: {error}", path.display()),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A bridge: the endpoint on the socket, and what it heard.
struct Bridge {
    host: Host,
    started: Time,
    heard: Vec<Heard>,
}

#[derive(Debug, PartialEq)]
enum Heard {
    Connected {
        boot: u32,
    },
    Disconnected,
    Progress(ScanRef, Stage),
    Ended(ScanRef, Ending),
    Result {
        key: ResultKey,
        weight: Option<String>,
        items: usize,
    },
    Damaged(ResultKey),
}

impl Bridge {
    fn new(seed: u32) -> Self {
        let started = Time::now();
        Self {
            host: Host::new(LineConfig::new(seed), Instant::START),
            started,
            heard: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.started.elapsed().as_micros()).unwrap())
    }

    /// Runs until something was heard that `wanted` likes.
    fn run_to(&mut self, line: &mut UnixStream, what: &str, wanted: impl Fn(&Heard) -> bool) {
        let deadline = Time::now() + PATIENCE;
        line.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let from = self.heard.len();
        while !self.heard[from..].iter().any(&wanted) {
            assert!(Time::now() < deadline, "no {what}; heard {:?}", &self.heard[from..]);
            let mut bytes = [0; 256];
            let count = match line.read(&mut bytes) {
                Ok(count) => count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
                Err(error) => panic!("{error}"),
            };
            let now = self.now();
            self.host.handle_bytes(now, &bytes[..count]);
            self.host.handle_timeout(now);
            self.drain_events();
            while let Some(frame) = self.host.poll_transmit(now) {
                line.write_all(frame).unwrap();
            }
        }
    }

    fn drain_events(&mut self) {
        let mut stored = None;
        while let Some(event) = self.host.poll_event() {
            let heard = match event {
                HostEvent::Connected(identity) => Heard::Connected { boot: identity.boot },
                HostEvent::Disconnected(_) => Heard::Disconnected,
                HostEvent::Progress(progress) => Heard::Progress(progress.scan, progress.stage),
                HostEvent::Ended { scan, ending } => Heard::Ended(scan, ending),
                HostEvent::Result(received) => {
                    stored = Some(received.key);
                    match received.record {
                        Ok(record) => {
                            let weight = record.items().find_map(|item| match item {
                                Item::Value(MetricId::BODY_WEIGHT, value) => Some(value.to_string()),
                                _ => None,
                            });
                            Heard::Result {
                                key: received.key,
                                weight,
                                items: record.items().count(),
                            }
                        }
                        Err(_) => Heard::Damaged(received.key),
                    }
                }
                HostEvent::Fault { .. }
                | HostEvent::Log { .. }
                | HostEvent::Headless(_)
                | HostEvent::Incompatible(_) => continue,
            };
            self.heard.push(heard);
        }
        if let Some(key) = stored {
            self.host.confirm_stored(key);
        }
    }

    fn results(&self) -> Vec<(u32, u32)> {
        self.heard
            .iter()
            .filter_map(|heard| match heard {
                Heard::Result { key, .. } | Heard::Damaged(key) => Some((key.result.boot, key.result.number)),
                _ => None,
            })
            .collect()
    }
}

fn is_result(heard: &Heard) -> bool {
    matches!(heard, Heard::Result { .. })
}

#[test]
fn a_walk_up_on_an_emulated_processor_passes_its_stages_and_arrives_whole() {
    let Some(mut board) = Board::start("walk-up") else {
        return;
    };
    let mut bridge = Bridge::new(1);
    assert_eq!(board.type_line("every 0"), "ok");
    let first = board.number("boot=");
    bridge.run_to(&mut board.line, "scanner", |heard| {
        *heard == Heard::Connected { boot: first }
    });
    board.type_line("step on");
    bridge.run_to(&mut board.line, "result", is_result);

    let scan = ScanRef::WalkUp(1);
    let mut stages: Vec<_> = bridge
        .heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Progress(of, stage) if *of == scan => Some(*stage),
            _ => None,
        })
        .collect();
    stages.dedup();
    assert_eq!(stages, [Stage::Weighing, Stage::Measuring, Stage::Calculating]);
    let Some(Heard::Result { key, weight, items }) = bridge.heard.iter().find(|heard| is_result(heard)) else {
        panic!("there is a result")
    };
    assert_eq!((weight.as_deref(), *items), (Some("64.1"), 76));
    assert_eq!(key.to_string(), format!("4d5053322d414e3338362d3030303100-{first}-1"));

    // What the SPEC says of sizes.
    let folder = images().expect("they were there a moment ago");
    let flash = flash(&folder.join("size-of-link")) - flash(&folder.join("size-of-nothing"));
    let (link, stack) = (board.number("link="), board.number("stack="));
    println!("flash {flash}, memory {link}, stack {stack} bytes");
    assert!(flash <= 24 * 1024 && link + stack <= 4096);
}

#[test]
fn a_scan_the_bridge_asks_for_runs_on_the_emulated_processor_and_can_be_stopped() {
    let Some(mut board) = Board::start("asked") else { return };
    let mut bridge = Bridge::new(1);
    board.type_line("every 0");
    bridge.run_to(&mut board.line, "scanner", |heard| {
        matches!(heard, Heard::Connected { .. })
    });

    let asked = |bridge: &mut Bridge, scan| bridge.host.start(crate::sample::start(scan)).unwrap();
    let waiting = |scan| move |heard: &Heard| *heard == Heard::Progress(ScanRef::Asked(scan), Stage::WaitingForPerson);
    asked(&mut bridge, 41);
    bridge.run_to(&mut board.line, "invitation", waiting(41));
    bridge.host.cancel(41).unwrap();
    let cancelled = Heard::Ended(ScanRef::Asked(41), Ending::Cancelled);
    bridge.run_to(&mut board.line, "end", |heard| *heard == cancelled);

    asked(&mut bridge, 42);
    bridge.run_to(&mut board.line, "invitation", waiting(42));
    board.type_line("step on");
    let weighing = Heard::Progress(ScanRef::Asked(42), Stage::Weighing);
    bridge.run_to(&mut board.line, "stage", |heard| *heard == weighing);
    board.type_line("step off");
    let moved = Heard::Ended(ScanRef::Asked(42), Ending::Failed(Fault::PersonMoved));
    bridge.run_to(&mut board.line, "failure", |heard| *heard == moved);
    assert!(bridge.results().is_empty());
}

#[test]
fn no_result_is_lost_or_doubled_through_faults_a_reset_and_a_new_bridge() {
    let Some(mut board) = Board::start("faults") else {
        return;
    };
    board.type_line("every 0");
    // Nobody listens: the first result waits, and the scanner loses power.
    board.type_line("step on");
    let deadline = Time::now() + PATIENCE;
    while !board.type_line("report").contains("waiting=1") {
        assert!(Time::now() < deadline, "no result in flash");
        std::thread::sleep(Duration::from_millis(20));
    }
    let first = board.number("boot=");
    board.type_line("reset");
    let mut bridge = Bridge::new(1);
    bridge.run_to(&mut board.line, "scanner", |heard| {
        *heard == Heard::Connected { boot: first + 1 }
    });
    board.type_line("every 0");
    bridge.run_to(&mut board.line, "kept result", is_result);

    // A bad cable while the second one is sent.
    board.type_line("drop 100");
    board.type_line("flip 700");
    board.type_line("step on");
    bridge.run_to(&mut board.line, "second result", is_result);
    assert_eq!(board.number("struck="), 100 + 700);

    // The bridge starts anew; the cable is out for longer than the session lives.
    let mut bridge_2 = Bridge::new(2);
    bridge_2.heard.append(&mut bridge.heard);
    bridge_2.run_to(&mut board.line, "scanner again", |heard| {
        *heard == Heard::Connected { boot: first + 1 }
    });
    board.type_line("mute 5000");
    bridge_2.run_to(&mut board.line, "silence", |heard| *heard == Heard::Disconnected);
    bridge_2.run_to(&mut board.line, "end of silence", |heard| {
        matches!(heard, Heard::Connected { .. })
    });

    // A bit turns in flash: the record is handed over as damaged, and the next one is not held up.
    board.type_line("mute 8000");
    bridge_2.run_to(&mut board.line, "silence", |heard| *heard == Heard::Disconnected);
    board.type_line("step on");
    while !board.type_line("report").contains("waiting=1") {
        assert!(Time::now() < deadline + PATIENCE, "no result in flash");
        std::thread::sleep(Duration::from_millis(20));
    }
    board.type_line("damage");
    bridge_2.run_to(&mut board.line, "damaged result", |heard| {
        matches!(heard, Heard::Damaged(_))
    });
    board.type_line("step on");
    bridge_2.run_to(&mut board.line, "last result", is_result);
    let again = first + 1;
    assert_eq!(bridge_2.results(), [(first, 1), (again, 1), (again, 2), (again, 3)]);
}
