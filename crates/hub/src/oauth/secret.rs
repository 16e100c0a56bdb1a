//! Secrets of apps (Argon2id) and tokens (random, stored as digests).

use argon2::{
    Argon2, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{PasswordHash, SaltString},
};
use base64::Engine as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{state::Hub, store::tokens::Digest};

/// The system has no randomness to give, or the hash cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The system's random source failed.
    #[error("the system's random source failed")]
    Random(#[source] getrandom::Error),
    /// Argon2 failed.
    #[error("the secret could not be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    /// The program is ending.
    #[error("the program is ending")]
    Stopped,
}

/// A salted Argon2id hash of a secret, as text. Takes some 20 ms of a core.
pub(crate) fn hash(secret: &SecretString) -> Result<String, SecretError> {
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(SecretError::Hash)?;
    let hash = Argon2::default()
        .hash_password(secret.expose_secret().as_bytes(), &salt)
        .map_err(SecretError::Hash)?;
    Ok(hash.to_string())
}

/// Whether `secret` is the one that was hashed. Takes as long as [`hash`].
pub(crate) fn matches(secret: &SecretString, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(secret.expose_secret().as_bytes(), &hash)
            .is_ok()
    })
}

/// [`matches`] away from the async threads, a few at a time. Without a hash it takes as long and answers false, so
/// that an unknown app cannot be told from a wrong secret.
pub(crate) async fn check(hub: &Hub, secret: SecretString, stored: Option<String>) -> bool {
    let Ok(_permit) = hub.hashing.acquire().await else {
        return false;
    };
    tokio::task::spawn_blocking(move || match stored {
        Some(stored) => matches(&secret, &stored),
        None => {
            let _ = hash(&secret);
            false
        }
    })
    .await
    .unwrap_or(false)
}

/// [`hash`] away from the async threads, a few at a time.
pub(crate) async fn hashed(hub: &Hub, secret: SecretString) -> Result<String, SecretError> {
    // The semaphore is never closed; without a permit the work is only less orderly.
    let _permit = hub.hashing.acquire().await.ok();
    match tokio::task::spawn_blocking(move || hash(&secret)).await {
        Ok(hashed) => hashed,
        Err(_) => Err(SecretError::Stopped),
    }
}

/// A new secret for an app: 256 random bits as text.
pub(crate) fn generate() -> Result<SecretString, SecretError> {
    Ok(SecretString::from(text(&random::<32>()?)))
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(SecretError::Random)?;
    Ok(bytes)
}

/// What is stored of a token.
pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

/// An access or refresh token.
pub(crate) struct Token(SecretString);

impl Token {
    /// A new token; `kind` is its readable beginning.
    pub(crate) fn random(kind: &str) -> Result<Self, SecretError> {
        Ok(Self(SecretString::from(format!("{kind}_{}", text(&random::<32>()?)))))
    }

    /// The successor of `refresh_token`: the same each time it is asked for, and nobody can make it who does not hold
    /// both the token (only its digest is stored) and the nonce (only the store has it). So a retried refresh gets the
    /// same answer although no token is ever stored.
    pub(crate) fn successor(kind: &str, refresh_token: &str, nonce: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in [kind.as_bytes(), refresh_token.as_bytes(), nonce] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(SecretString::from(format!("{kind}_{}", text(&hash.finalize()))))
    }

    pub(crate) fn digest(&self) -> Digest {
        digest(self.0.expose_secret())
    }

    /// The text, for the one answer that hands it out.
    pub(crate) fn reveal(&self) -> String {
        self.0.expose_secret().to_owned()
    }
}

fn text(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_hash_only() {
        let secret = generate().unwrap();
        let hashed = hash(&secret).unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(matches(&secret, &hashed));
        assert!(!matches(&generate().unwrap(), &hashed));
        assert!(!matches(&secret, "rubbish"));
    }

    #[test]
    fn a_successor_depends_on_token_nonce_and_kind() {
        let of = |kind, token, nonce: &[u8]| Token::successor(kind, token, nonce).reveal();
        assert_eq!(of("rt", "old", b"n"), of("rt", "old", b"n"));
        assert_ne!(of("rt", "old", b"n"), of("rt", "old", b"m"));
        assert_ne!(of("rt", "old", b"n"), of("rt", "oldn", b""));
        assert_ne!(of("rt", "old", b"n")[2..], of("at", "old", b"n")[2..]);
    }
}
