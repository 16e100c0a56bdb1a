//! Whom to trust, and whom to be: the TLS side of a connection.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{
    config::Config,
    fault::{Fault, State},
};

/// Reads the certificates that `config` names. Done for every connection, so that a renewed certificate needs no restart.
pub(crate) fn client_config(config: &Config) -> Result<Arc<ClientConfig>, Fault> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &config.ca_file {
        let certificates = certificates("ca_file", path)?;
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(unusable("ca_file", path, "it holds no certificate"));
        }
    } else {
        // Some stores hold certificates nobody can read; the others are good.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Fault::new(
                State::Misconfigured,
                "This system has no certificate authorities: install them, or set `ca_file` in [mqtt]",
            ));
        }
    }

    let provider = CryptoProvider::get_default().map_or_else(|| Arc::new(ring::default_provider()), Arc::clone);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new(State::Misconfigured, error.to_string()))?
        .with_root_certificates(roots);
    let client_config = match &config.client_identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::from_pem_slice(&read("client_key", &identity.key)?)
                .map_err(|_| unusable("client_key", &identity.key, "it holds no private key"))?;
            let chain = certificates("client_cert", &identity.cert)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable("client_cert", &identity.cert, &error.to_string()))?
        }
    };
    Ok(Arc::new(client_config))
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    CertificateDer::pem_slice_iter(&read(key, path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(key, path, &error.to_string()))
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).map_err(|error| unusable(key, path, &error.to_string()))
}

fn unusable(key: &str, path: &Path, cause: &str) -> Fault {
    let path = path.display();
    Fault::new(
        State::Misconfigured,
        format!("`{key}` in [mqtt] names `{path}`, which cannot be used: {cause}"),
    )
}
