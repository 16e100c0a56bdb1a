//! A port for a server that comes later, goes away and comes back.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of loopback that nobody else gets as long as this lives, on Linux at least. Nobody listens there: who connects is refused
/// until a server takes the port.
#[derive(Debug)]
pub(crate) struct ReservedPort {
    address: SocketAddr,
    /// Keeps the number from others.
    _held: Option<TcpSocket>,
}

impl ReservedPort {
    /// Takes one.
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // On Linux a socket that is bound and does not listen shares its port with a server alone that asks for this very number, and
        // only if both are willing; servers are, so that they can start again.
        socket.set_reuseaddr(true).expect("a willing socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        // Other systems refuse the server the port of a bound socket. There the number is let go of, and has merely been free a moment
        // ago: an outgoing connection of anybody can still get it before the server does.
        let held = cfg!(target_os = "linux").then_some(socket);
        Self { address, _held: held }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
