//! The courier between a real outbox and a cloud that is not ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cloud_leg;
mod fake_cloud;
#[path = "../../../cloud-client/tests/it/fake_http.rs"]
#[expect(dead_code, reason = "shared with the client's tests, which use the rest")]
mod fake_http;
mod performers;
#[path = "../../../../tests/tests/end_to_end/support/port.rs"]
mod port;
mod readings;
mod restart;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use fake_cloud::FakeCloud;
use outbox::{Disposition, EntryId, EntryKey, Lane, NewEntry, Outbox, SealKey, Stats};
use scan_model::{
    Name,
    board::{Activity, AgentInfo, Board, Queue, ScannerState, Upload},
    reading::TimeQuality,
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uploader::{CloudLeg, Delivery, Identity, Uploader};
use uuid::Uuid;

/// No wait is this long unless something is wrong.
const DEADLINE: Duration = Duration::from_secs(60);

/// An outbox with a courier.
struct World {
    outbox: Outbox,
    board: watch::Sender<Arc<Board>>,
    leg: watch::Receiver<CloudLeg>,
    deliveries: mpsc::Receiver<Delivery>,
    stop: CancellationToken,
    run: JoinHandle<()>,
    url: String,
    dialect: &'static str,
    /// Last, so that it is removed after the outbox is closed.
    _dir: TempDir,
}

impl World {
    /// With a courier that has found its cloud.
    async fn new(cloud: &FakeCloud) -> Self {
        let mut world = Self::at(&cloud.http.url(), "hub").await;
        world.leg_is("ok").await;
        world
    }

    async fn at(url: &str, dialect: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SealKey::load_or_create(&dir.path().join("key")).unwrap();
        let config = outbox::Config {
            min_free: "0 B".parse().unwrap(),
            ..outbox::Config::default()
        };
        let (outbox, _) = Outbox::open(&config, &dir.path().join("outbox"), key).unwrap();
        let (board, _) = watch::channel(Arc::new(board(Activity::Idle)));
        let (_, leg) = watch::channel(CloudLeg {
            state: uploader::CloudState::Connecting,
            since: jiff::Timestamp::UNIX_EPOCH,
            advice: None,
            error: None,
            clock: None,
        });
        let mut world = Self {
            outbox,
            board,
            leg,
            deliveries: mpsc::channel(1).1,
            stop: CancellationToken::new(),
            run: tokio::spawn(async {}),
            url: url.to_owned(),
            dialect,
            _dir: dir,
        };
        world.restart();
        world
    }

    /// Ends the courier as a crash would, and starts another one on the same outbox.
    fn restart(&mut self) {
        self.run.abort();
        let (deliveries, receiver) = mpsc::channel(64);
        let identity = Identity {
            installation: "6f1c0d52".into(),
            instance: "b81e".into(),
            checksum_key: vec![7; 32].into(),
        };
        let client = client(&self.url, self.dialect);
        let (uploader, leg) = Uploader::new(
            client,
            self.outbox.clone(),
            identity,
            self.board.subscribe(),
            deliveries,
        );
        self.stop = CancellationToken::new();
        self.run = tokio::spawn(uploader.run(self.stop.clone()));
        (self.leg, self.deliveries) = (leg, receiver);
    }

    /// Stores a reading of the person `lane`. Its `externalid` ends with `n`.
    async fn store(&self, n: u8, lane: u8) -> EntryId {
        let entry = NewEntry {
            key: EntryKey(externalid(n)),
            lane: Lane([lane; 16]),
            disposition: Disposition::Send,
            payload: parcel(n).into_bytes(),
        };
        self.outbox.append(entry).unwrap().await.unwrap().id()
    }

    async fn delivery(&mut self) -> Delivery {
        let delivery = in_time(self.deliveries.recv()).await;
        let now = (self.leg.borrow().clone(), *self.outbox.stats().borrow());
        delivery
            .unwrap_or_else(|| panic!("waited for a delivery: {now:?}"))
            .expect("the courier runs")
    }

    async fn uploads(&mut self, count: usize) {
        for _ in 0..count {
            let delivery = self.delivery().await;
            assert!(
                matches!(delivery.upload, Upload::Uploaded | Upload::Unassigned),
                "{delivery:?}"
            );
        }
    }

    async fn leg_is(&mut self, state: &str) -> CloudLeg {
        let arrived = in_time(self.leg.wait_for(|leg| leg.state.as_str() == state))
            .await
            .is_some();
        let leg = self.leg.borrow().clone();
        assert!(arrived, "waited for {state}, it is {leg:?}");
        leg
    }

    async fn outbox_is(&self, what: &str, condition: impl FnMut(&Stats) -> bool) {
        let mut stats = self.outbox.stats();
        let arrived = in_time(stats.wait_for(condition)).await.is_some();
        assert!(arrived, "waited for {what}, it is {:?}", self.outbox.stats().borrow());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.run.abort();
    }
}

/// Lets time pass for the courier. Calls that hang meanwhile time out; answers that are on their way are taken before,
/// for which some turns of the event loop (it serves both sides) are enough.
async fn pass(time: Duration) {
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Lets time pass in great steps for ever.
async fn time_flies() {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        pass(Duration::from_secs(301)).await;
    }
}

/// Waits until `condition` is true.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(in_time(met).await.is_some(), "waited for: {what}");
}

/// `None` if it takes longer than the deadline by the wall, whatever tests do to tokio's clock.
async fn in_time<F: Future>(what: F) -> Option<F::Output> {
    let begun = std::time::Instant::now();
    let deadline = async {
        while begun.elapsed() < DEADLINE {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        biased;
        output = what => Some(output),
        () = deadline => None,
    }
}

fn externalid(n: u8) -> String {
    Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 + u128::from(n)).to_string()
}

/// Reading `n` weighs `80.n0` kg, so that its digits tell it from others and end with a zero.
fn parcel(n: u8) -> String {
    format!(
        r#"{{"reading":{{"origin":{{"externalid":"{}","scan":"{}","scanner":"bay-1",
            "received_at":"2025-03-04T10:15:58.123456789Z","time_quality":"synced"}},
            "protocol":"tanita-tagged","device":{{"model":"MC-780"}},"subject":{{"number":"0000"}},
            "measurements":[{{"metric":"body_weight","value":"80.{n}0"}},{{"metric":"fat_mass","value":"24.0"}}],
            "device_time":"absent","flags":[],"raw":"frame {n}"}}}}"#,
        externalid(n),
        externalid(n)
    )
}

fn board(activity: Activity) -> Board {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let scanner = ScannerState {
        activity,
        since: jiff::Timestamp::UNIX_EPOCH,
        code: None,
        protocol: "tanita-tagged".into(),
        model: Some("MC-780".into()),
        serial_settings: None,
        scan: None,
        last: None,
    };
    Board {
        agent: AgentInfo {
            facility: name("gym-7"),
            name: name("front-desk"),
            version: "0.1.0".into(),
            platform: "linux-x86_64".into(),
        },
        scanners: BTreeMap::from([(name("bay-1"), scanner)]),
        legs: BTreeMap::new(),
        alerts: BTreeMap::new(),
        queue: Queue::default(),
        time_quality: TimeQuality::Synced,
        clock_offset_ms: None,
    }
}

fn client(url: &str, dialect: &str) -> cloud_client::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A file that every checkout has and whose content does not matter.
    let secret = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let config: cloud_client::Config = toml::from_str(&format!(
        "base_url = {url:?}\ndialect = {dialect:?}\naccept_unconfirmed = true\nclient_id = \"k3x9\"\nclient_secret = {:?}",
        format!("file:{}", secret.display()),
    ))
    .unwrap();
    cloud_client::Client::new(&config).unwrap()
}
