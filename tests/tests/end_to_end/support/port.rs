//! A port for a server that comes later, goes away and comes back.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of loopback that nobody else gets as long as this lives. Nobody listens there: who connects is refused until a server takes
/// the port. A number that was merely free a moment ago would go to the next outgoing connection of anybody.
#[derive(Debug)]
pub(crate) struct ReservedPort(TcpSocket);

impl ReservedPort {
    /// Takes one.
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // A socket that is bound and does not listen shares its port with a server alone that asks for this very number, and only if
        // both are willing; servers are, so that they can start again.
        socket.set_reuseaddr(true).expect("a willing socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        Self(socket)
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it is bound")
    }
}
