//! The network between agent and broker: a relay that can be cut or frozen.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

use super::broker::loopback;

pub(super) struct Cable {
    port: u16,
    cut: Arc<Notify>,
    frozen: Arc<AtomicBool>,
    _relays: JoinSet<()>,
}

impl Cable {
    /// A cable to the broker at `port`.
    pub(super) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(loopback(0)).await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let (cut, frozen) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let mut relays = JoinSet::new();
        let (cuts, is_frozen) = (Arc::clone(&cut), Arc::clone(&frozen));
        relays.spawn(async move {
            let mut relays = JoinSet::new();
            loop {
                let (agent, _) = listener.accept().await.unwrap();
                let broker = TcpStream::connect(loopback(port)).await.unwrap();
                let (cuts, is_frozen) = (Arc::clone(&cuts), Arc::clone(&is_frozen));
                relays.spawn(async move {
                    tokio::select! {
                        () = relay(agent, broker, &is_frozen) => {}
                        () = cuts.notified() => {}
                    }
                });
            }
        });
        Self {
            port: own_port,
            cut,
            frozen,
            _relays: relays,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Both ends see a closed connection; new ones are possible at once.
    pub(super) fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// From now on nothing passes, and nobody is told.
    pub(super) fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
    }

    /// It passes again. What was swallowed stays swallowed.
    pub(super) fn thaw(&self) {
        self.frozen.store(false, Ordering::SeqCst);
    }
}

async fn relay(mut agent: TcpStream, mut broker: TcpStream, frozen: &AtomicBool) {
    let (mut there, mut back) = ([0; 4096], [0; 4096]);
    loop {
        let passed = tokio::select! {
            read = agent.read(&mut there) => match read {
                Ok(n) if n > 0 => forward(&mut broker, &there[..n], frozen).await,
                _ => return,
            },
            read = broker.read(&mut back) => match read {
                Ok(n) if n > 0 => forward(&mut agent, &back[..n], frozen).await,
                _ => return,
            },
        };
        if passed.is_err() {
            return;
        }
    }
}

async fn forward(to: &mut TcpStream, bytes: &[u8], frozen: &AtomicBool) -> std::io::Result<()> {
    if frozen.load(Ordering::SeqCst) {
        return Ok(());
    }
    to.write_all(bytes).await
}
