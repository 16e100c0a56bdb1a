//! A certificate that is not trusted, or is for another name, is told from a server that is not there.

use std::sync::{Arc, Mutex};

use cloud_client::{CallError, Client, Pause, Remedy};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::{TOKEN_ANSWER, config, fake_http};

/// An HTTPS server whose certificate is for `name`. Gives the port and the authority's certificate.
async fn start(name: &str, connections: &mut JoinSet<()>) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    connections.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let handler = |_: &fake_http::Request| fake_http::Reply::json(200, TOKEN_ANSWER);
                fake_http::serve(stream, Arc::new(handler), Arc::new(Mutex::new(Vec::new()))).await;
            }
        }
    });
    (port, authority.as_ref().pem())
}

#[tokio::test]
async fn only_a_certificate_of_a_trusted_authority_for_the_right_name_is_accepted() {
    let mut connections = JoinSet::new();
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("ca.pem");

    let (port, authority) = start("localhost", &mut connections).await;
    std::fs::write(&ca_file, authority).unwrap();
    let trusting = format!("ca_file = {:?}", ca_file.display().to_string());
    let url = format!("https://localhost:{port}");
    Client::new(&config(&url, &trusting))
        .unwrap()
        .authenticate()
        .await
        .unwrap();

    let (other_port, other_authority) = start("hub.example", &mut connections).await;
    let unknown = other_authority;
    std::fs::write(&ca_file, &unknown).unwrap();
    for (case, url) in [("authority", url), ("name", format!("https://localhost:{other_port}"))] {
        let error = Client::new(&config(&url, &trusting))
            .unwrap()
            .authenticate()
            .await
            .unwrap_err();
        assert!(matches!(error, CallError::Untrusted { .. }), "wrong {case}: {error:?}");
        assert_eq!(error.remedy(), Remedy::Pause(Pause::UntrustedServer));
    }
}

#[tokio::test]
async fn an_unusable_ca_file_is_named() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("ca.pem");
    let config = config(
        "https://localhost",
        &format!("ca_file = {:?}", ca_file.display().to_string()),
    );
    for content in [None, Some("not a certificate")] {
        if let Some(content) = content {
            std::fs::write(&ca_file, content).unwrap();
        }
        let error = Client::new(&config).unwrap_err();
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
}
