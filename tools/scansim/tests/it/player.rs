//! A simulated scanner as its reader sees it.

use std::fs::File;
use std::io::{Read, Write as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use scansim::tanita_pc::{PcModel, PcScanner, Quirks, Said, TanitaPc, Tempo};
use scansim::{Capture, Fault, FaultPlan, Line, Pace, Player, Pty};
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};

const RECORD: &[u8] = b"{0,16,~0,1,MO,\"WB-3000\",Wk,80.5,CS,00\r\n";
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_record_arrives_byte_by_byte_as_it_is_in_the_capture() {
    let (_folder, link) = port();
    let mut player = Player::new(Line::pty(&link).expect("line"), Pace::Unlimited);
    // The second line is bytes that a terminal would translate, echo or act upon if it were not raw.
    let bytes = [RECORD, b"\x03\x04\x11\x13\x1a\x7f\r\xff\0\n"].concat();
    let reader = read_in_background(&link, bytes.len());
    for record in Capture::from_bytes(&bytes).records() {
        player.play(record).await.expect("play");
    }
    assert_eq!(finish(reader).await, bytes);
}

#[tokio::test]
async fn a_record_waits_in_the_line_for_a_reader_that_comes_late() {
    let (_folder, link) = port();
    let mut player = Player::new(Line::pty(&link).expect("line"), Pace::Unlimited);
    drop(File::open(&link).expect("a first reader opens the port and leaves"));
    player.play(RECORD).await.expect("play");
    assert_eq!(finish(read_in_background(&link, RECORD.len())).await, RECORD);
}

#[tokio::test]
async fn an_unplugged_port_ends_its_reader_and_comes_back_under_the_same_link() {
    let (_folder, link) = port();
    let faults = FaultPlan::new(&[Fault::Unplug], 1).unplugged(Duration::from_millis(1));
    let mut player = Player::new(Line::pty(&link).expect("line"), Pace::Unlimited).with_faults(faults);
    let reader = read_in_background(&link, usize::MAX);
    let played = player.play(RECORD).await.expect("play");
    assert!(played.last_byte.is_none(), "a torn record did not arrive whole");
    let fragment = finish(reader).await;
    assert!(RECORD.starts_with(&fragment) && fragment.len() < RECORD.len());

    let reader = read_in_background(&link, RECORD.len());
    let mut player = player.with_faults(FaultPlan::none());
    assert!(player.play(RECORD).await.expect("play").last_byte.is_some());
    assert_eq!(finish(reader).await, RECORD);
}

#[tokio::test]
async fn what_the_host_writes_reaches_the_scanner() {
    use tokio::io::AsyncReadExt;
    let (_folder, link) = port();
    let mut pty = Pty::open(&link).expect("pty");
    std::fs::write(&link, b"F1\r\n").expect("host writes");
    let mut got = [0; 4];
    timeout(DEADLINE, pty.read_exact(&mut got))
        .await
        .expect("in time")
        .expect("read");
    assert_eq!(&got, b"F1\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_record_takes_as_long_as_its_bits() {
    let (_folder, link) = port();
    let baud = NonZeroU32::new(9600).expect("not zero");
    let mut player = Player::new(Line::pty(&link).expect("line"), Pace::Baud(baud));
    let start = Instant::now();
    player.play(&[b'x'; 960]).await.expect("play");
    let (took, wanted) = (start.elapsed(), Duration::from_secs(1));
    // Virtual time: exact up to the millisecond that tokio's timers round up to.
    assert!(
        took >= wanted - Duration::from_millis(1) && took <= wanted + Duration::from_millis(1),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_tcp_reader_gets_the_record_and_another_one_after_it_left() {
    let mut player = Player::new(Line::tcp("127.0.0.1:0").await.expect("listen"), Pace::Unlimited);
    for _ in 0..2 {
        let address = player.line().name();
        let reader = spawn_blocking(move || {
            let mut got = vec![0; RECORD.len()];
            std::net::TcpStream::connect(address)?.read_exact(&mut got)?;
            Ok(got)
        });
        player.play(RECORD).await.expect("play");
        assert_eq!(finish(reader).await, RECORD);
        player.line().unplug();
        player.line().plug().expect("same port again");
    }
}

#[tokio::test]
async fn faults_befall_every_line_of_a_scanner_in_pc_mode() {
    let line = Line::tcp("127.0.0.1:0").await.expect("listen");
    let address = line.name();
    let player = Player::new(line, Pace::Unlimited).with_faults(FaultPlan::new(&[Fault::Duplicate], 0));
    let device = TanitaPc::new(PcModel::Mc780, Quirks::default(), Tempo::default(), &[], 805);
    let mut scanner = PcScanner::new(player, device);
    let host = spawn_blocking(move || {
        let mut port = std::net::TcpStream::connect(address)?;
        port.write_all(b"M1\r\n")?;
        let mut got = vec![0; 8];
        port.read_exact(&mut got)?;
        Ok(got)
    });
    let said = timeout(DEADLINE, scanner.step()).await.expect("in time").expect("line");
    assert_eq!(said, Said::Line("M1".into(), Some(Fault::Duplicate)));
    assert_eq!(finish(host).await, b"M1\r\nM1\r\n");
}

fn port() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let link = folder.path().join("scanner");
    (folder, link)
}

/// Opens the port at once and reads up to `len` bytes or to its end.
fn read_in_background(link: &Path, len: usize) -> JoinHandle<std::io::Result<Vec<u8>>> {
    let mut port = File::open(link).expect("the port can be opened");
    spawn_blocking(move || {
        let mut got = Vec::new();
        let mut buffer = [0; 256];
        while got.len() < len {
            match port.read(&mut buffer) {
                // The end of an unplugged port; on Linux it is this error.
                Ok(0) => break,
                Err(error) if error.raw_os_error() == Some(5) => break,
                Ok(n) => got.extend_from_slice(&buffer[..n]),
                Err(error) => return Err(error),
            }
        }
        Ok(got)
    })
}

async fn finish(reader: JoinHandle<std::io::Result<Vec<u8>>>) -> Vec<u8> {
    timeout(DEADLINE, reader)
        .await
        .expect("in time")
        .expect("reader")
        .expect("read")
}

mod command_line {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Output, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn each_way_to_fail_has_its_exit_code_and_names_its_cause() {
        let (folder, link) = port();
        let capture = folder.path().join("capture.txt");
        std::fs::write(&capture, RECORD).expect("capture");
        let link = link.to_str().expect("utf-8");
        let capture = capture.to_str().expect("utf-8");
        for (arguments, code, named) in [
            (
                ["--port-link", link, "--play", "/no/such/capture"],
                3,
                "/no/such/capture",
            ),
            (
                ["--port-link", "/no/such/folder/port", "--play", capture],
                4,
                "/no/such/folder/port",
            ),
            (["--tcp", "not an address", "--play", capture], 4, "not an address"),
            (["--play", capture, "--fault", "gremlin"], 2, "unknown fault `gremlin`"),
        ] {
            let output = scansim(&arguments);
            let talk = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {talk}");
            assert!(talk.contains(named), "{arguments:?}: {talk}");
        }
    }

    #[test]
    fn a_terminated_scanner_takes_its_port_link_away() {
        let (folder, link) = port();
        let capture = folder.path().join("capture.txt");
        std::fs::write(&capture, RECORD).expect("capture");
        let mut scanner = Command::new(env!("CARGO_BIN_EXE_scansim"))
            .arg("--port-link")
            .arg(&link)
            .arg("--play")
            .arg(&capture)
            .args(["--repeat", "forever", "--gap", "1h"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scansim starts");
        let mut announced = String::new();
        let stdout = scanner.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut announced).expect("a line");
        assert_eq!(Path::new(announced.trim_end()), link);
        assert!(File::open(&link).is_ok(), "an announced port can be opened");

        kill_process(Pid::from_child(&scanner), Signal::TERM).expect("signal");
        assert_eq!(scanner.wait().expect("end").code(), Some(0));
        assert!(std::fs::symlink_metadata(&link).is_err());
    }

    #[test]
    fn a_scale_that_is_asked_answers_with_the_faults_of_the_command_line() {
        let (mut scanner, mut host) = scale_that_is_asked(&["--fault", "duplicate"]);
        host.write_all(b"DR\r\n").expect("request");
        let mut answer = [0; 28];
        let heard = host.read_exact(&mut answer);
        scanner.kill().expect("it runs until everybody was weighed");
        scanner.wait().expect("end");
        heard.expect("answer");
        assert_eq!(&answer, b"S      0.0kg\r\nS      0.0kg\r\n");
    }

    #[test]
    fn between_two_people_a_scale_stands_empty_for_as_long_as_the_gap_is() {
        let (mut scanner, mut host) = scale_that_is_asked(&["--gap", "5s", "--repeat", "2"]);
        let mut answers = Vec::new();
        let mut answer = [0; 14];
        while host.write_all(b"DR\r\n").is_ok() && host.read_exact(&mut answer).is_ok() {
            answers.push(answer);
        }
        assert_eq!(scanner.wait().expect("end").code(), Some(0));
        let is_somebody = |answer: &[u8; 14]| answer != b"S      0.0kg\r\n";
        let runs: Vec<_> = answers
            .chunk_by(|one, next| is_somebody(one) == is_somebody(next))
            .map(<[_]>::len)
            .collect();
        // Of two requests a second ten, and three empty answers before and behind each.
        assert_eq!(runs, [3, 14, 3 + 10 + 3, 14, 3]);
    }

    /// A scale behind a TCP port, and the host that is connected to it.
    fn scale_that_is_asked(arguments: &[&str]) -> (Child, std::net::TcpStream) {
        let mut scanner = Command::new(env!("CARGO_BIN_EXE_scansim"))
            .args(["--tcp", "127.0.0.1:0", "--scale", "wb-100"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scansim starts");
        let mut address = String::new();
        let stdout = scanner.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut address).expect("a line");
        let host = std::net::TcpStream::connect(address.trim_end()).expect("connect");
        host.set_read_timeout(Some(DEADLINE)).expect("a time");
        (scanner, host)
    }

    fn scansim(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_scansim"))
            .args(arguments)
            .output()
            .expect("scansim runs")
    }
}
