//! The figures that users ask for, each beside its floor, in one run: `cargo bench -p scanbridge-tests`.
//!
//! The agent is the real program of the `dist` profile, which has to be built before:
//! `cargo build --profile dist -p scanbridge -p scanhub`. Linux only: it reads `/proc`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a bench prints, and fails by panicking"
)]
#![cfg(target_os = "linux")]

#[path = "../tests/end_to_end/support/mod.rs"]
mod support;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::net::UnixDatagram,
    path::Path,
    time::{Duration, Instant},
};

use axum::{Router, routing::post};
use support::{ear::Ear, kiosk::World, records::record};
use tokio::net::TcpListener;

const RECORDS: u32 = 200;
/// A record takes a while to arrive, as from a real scanner: by its end the scan has been announced and remembered.
const BAUD: u32 = 38_400;
const IDLE: Duration = Duration::from_secs(10);
/// Size of a stored reading of this kind of record, and of its upload.
const PAYLOAD: usize = 2400;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(figures());
}

async fn figures() {
    support::program::PROFILE.set("dist").unwrap();
    let (world, _broker) = World::with_servers().await;
    let ear = Ear::listen(world.broker_port).await;
    let mut scanner = world.scanner();

    let socket = world.data_dir().join("notify");
    let ready = UnixDatagram::bind(&socket).unwrap();
    let start = Instant::now();
    let agent = world.agent_with(&[("NOTIFY_SOCKET", &socket)]);
    wait_ready(&ready);
    println!(
        "start to ready                 {:>9.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    ear.until("bay-1/status", |status| status["state"] == "idle").await;
    scanner.play(&record(0)).await.unwrap();
    ear.until("bay-1/event", |event| event["kind"] == "uploaded").await;

    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = cpu(agent.pid());
    tokio::time::sleep(IDLE).await;
    println!(
        "idle CPU in {IDLE:?}               {:>9.2} ms",
        (cpu(agent.pid()) - before).as_secs_f64() * 1e3
    );
    println!(
        "idle resident memory           {:>9.2} MB",
        resident(agent.pid()) as f64 / 1e6
    );
    let size = fs::metadata(support::program::path("scanbridge")).unwrap().len();
    println!("size of the program            {:>9.2} MB", size as f64 / 1e6);
    assert!(agent.terminate().success());

    drop(scanner);
    let line = scansim::Line::pty(world.port()).unwrap();
    let mut scanner = scansim::Player::new(line, scansim::Pace::Baud(BAUD.try_into().unwrap()));
    latencies(&world, &mut scanner).await;
}

/// In process, so that the moment of the fsync is seen on the board and not through a broker.
async fn latencies(world: &World, scanner: &mut scansim::Player) {
    let config = agent_config::Config::load(&world.config()).unwrap();
    let agent = scanbridge::Agent::open(config).await.unwrap();
    let mut board = agent.board();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopping = stop.clone();
    // On a thread and a runtime of its own, as in the program.
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(agent.run(stopping, Duration::from_secs(10), || {}))
    });
    let bay = "bay-1".parse().unwrap();
    board.wait_for(|board| board.legs["cloud"].state == "ok").await.unwrap();

    let append = world.data_dir().join("floor");
    let post = Post::start().await;
    let (mut appends, mut posts, mut stored, mut acknowledged) = (vec![], vec![], vec![], vec![]);
    for person in 1..=RECORDS {
        appends.push(append_once(&append));
        posts.push(post.once().await);
        let earlier = board.borrow().scanners[&bay].last.as_ref().map(|last| last.scan);
        let last_byte = scanner.play(&record(person)).await.unwrap().last_byte.unwrap();
        board
            .wait_for(|board| {
                board.scanners[&bay]
                    .last
                    .as_ref()
                    .is_some_and(|last| Some(last.scan) != earlier)
            })
            .await
            .unwrap();
        stored.push(last_byte.elapsed());
        board
            .wait_for(|board| {
                let last = board.scanners[&bay].last.as_ref().unwrap();
                matches!(
                    last.upload,
                    scan_model::board::Upload::Uploaded | scan_model::board::Upload::Unassigned
                )
            })
            .await
            .unwrap();
        acknowledged.push(last_byte.elapsed());
    }
    stop.cancel();
    assert_eq!(running.join().unwrap(), [""; 0]);

    let append = row("bare append + fdatasync", &mut appends);
    let fsynced = row("last byte to fsynced record", &mut stored);
    let post = row("bare kept-alive POST", &mut posts);
    let done = row("last byte to acknowledged", &mut acknowledged);
    println!("fsynced record / bare append   {:>9.2}", fsynced / append);
    println!(
        "acknowledged / bare POST       {:>9.2}   (one call a reading)",
        done / post
    );
}

fn row(name: &str, times: &mut [Duration]) -> f64 {
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!(
        "{name:<30} {:>9.0} µs p50 {:>9.0} µs p99",
        p50.as_secs_f64() * 1e6,
        p99.as_secs_f64() * 1e6
    );
    p50.as_secs_f64()
}

fn append_once(path: &Path) -> Duration {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    let payload = [7_u8; PAYLOAD];
    let start = Instant::now();
    file.write_all(&payload).unwrap();
    file.sync_data().unwrap();
    start.elapsed()
}

/// A server that answers at once, and a client that keeps its connection.
struct Post {
    http: reqwest::Client,
    url: String,
}

impl Post {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let routes = Router::new().route(
            "/",
            post(|body: String| async move { format!("{{\"got\":{}}}", body.len()) }),
        );
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            http: reqwest::Client::new(),
            url,
        }
    }

    async fn once(&self) -> Duration {
        let start = Instant::now();
        let answer = self
            .http
            .post(&self.url)
            .body("x".repeat(PAYLOAD))
            .send()
            .await
            .unwrap();
        answer.bytes().await.unwrap();
        start.elapsed()
    }
}

fn wait_ready(socket: &UnixDatagram) {
    let mut message = [0; 512];
    loop {
        let length = socket.recv(&mut message).unwrap();
        if message[..length].starts_with(b"READY=1") || message[..length].windows(8).any(|part| part == b"\nREADY=1") {
            return;
        }
    }
}

/// Time on a processor of all threads, to the nanosecond.
fn cpu(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds = threads.map(|thread| {
        let schedstat = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        schedstat.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
