//! Facilities, apps and members from outside the API: the configuration at a start, and admin commands.

use secrecy::SecretString;
use secret_ref::ReadError;

use crate::{
    clock,
    config::Config,
    oauth::secret::{self, SecretError},
    store::{
        Store,
        apps::{self, AppSettings},
        facilities,
        members::{self, MemberRow},
    },
};

/// Facilities, apps or members could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The secret of an app cannot be read.
    #[error("the secret of the app `{client_id}` cannot be read")]
    Secret {
        /// The app.
        client_id: String,
        /// Why.
        source: ReadError,
    },
    /// A secret cannot be made or hashed.
    #[error("a secret cannot be made")]
    Make(#[source] SecretError),
    /// There is no app of this name.
    #[error("there is no app `{0}`")]
    NoApp(String),
    /// There is no facility of this name.
    #[error("there is no facility `{0}`")]
    NoFacility(String),
    /// The member is there already.
    #[error("the member is there already, with the id {0}")]
    MemberExists(i64),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] sqlx::Error),
}

/// Makes the store hold what the configuration names. A changed secret ends the app's tokens.
pub(crate) async fn from_config(store: &Store, config: &Config) -> Result<(), SeedError> {
    for facility in &config.facilities {
        add_facility(
            store,
            &facility.externalid,
            facility.name.as_deref(),
            facility.timezone.as_deref(),
        )
        .await?;
    }
    for app in &config.apps {
        let given = app.secret.read().map_err(|source| SeedError::Secret {
            client_id: app.client_id.clone(),
            source,
        })?;
        let app = NewApp {
            client_id: app.client_id.trim_end_matches("@apps.boditrax.com"),
            name: app.name.as_deref(),
            scopes: app.scopes.to_string(),
            facilities: app.facilities.get_ref(),
        };
        put_app(store, &app, given).await?;
    }
    Ok(())
}

/// An app as configuration or command name it.
#[derive(Debug)]
pub(crate) struct NewApp<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) scopes: String,
    /// `externalid`s, or `*` for all.
    pub(crate) facilities: &'a [String],
}

/// Adds an app or updates it; a secret that differs from the stored one replaces it.
pub(crate) async fn put_app(store: &Store, app: &NewApp<'_>, given: SecretString) -> Result<(), SeedError> {
    let known = apps::find(store.read(), app.client_id).await?;
    // Hashing takes its time on purpose; nobody is served yet.
    let changed = match known.as_ref().map(|known| known.secret_hash.clone()) {
        Some(stored) => {
            let candidate = given.clone();
            !blocking(move || Ok(secret::matches(&candidate, &stored))).await?
        }
        None => true,
    };
    let hash = if changed {
        Some(blocking(move || secret::hash(&given)).await?)
    } else {
        None
    };
    let mut facilities = Vec::new();
    for name in app.facilities.iter().filter(|name| *name != "*") {
        let id = facilities::find_named(store.read(), name).await?;
        facilities.push(id.ok_or_else(|| SeedError::NoFacility(name.clone()))?);
    }
    let settings = AppSettings {
        client_id: app.client_id,
        name: app.name,
        scopes: app.scopes.clone(),
        all_facilities: app.facilities.iter().any(|name| name == "*"),
        facilities: &facilities,
    };
    let mut tx = store.write().await?;
    let id = apps::put(&mut tx, &settings, hash.as_deref().unwrap_or_default(), clock::now()).await?;
    if let (Some(hash), true) = (&hash, known.is_some()) {
        apps::reset_secret(&mut tx, id, hash).await?;
    }
    Ok(tx.commit().await?)
}

/// Gives an app a new secret; all its tokens end.
pub(crate) async fn reset_secret(store: &Store, client_id: &str) -> Result<SecretString, SeedError> {
    let app = apps::find(store.read(), client_id)
        .await?
        .ok_or_else(|| SeedError::NoApp(client_id.to_owned()))?;
    let fresh = secret::generate().map_err(SeedError::Make)?;
    let hashed = fresh.clone();
    let hash = blocking(move || secret::hash(&hashed)).await?;
    let mut tx = store.write().await?;
    apps::reset_secret(&mut tx, app.id, &hash).await?;
    tx.commit().await?;
    Ok(fresh)
}

pub(crate) async fn add_facility(
    store: &Store,
    externalid: &str,
    name: Option<&str>,
    timezone: Option<&str>,
) -> Result<i64, SeedError> {
    let mut tx = store.write().await?;
    let id = facilities::put(&mut tx, externalid, name, timezone, clock::now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Adds a member to a facility.
pub(crate) async fn add_member(store: &Store, facility: &str, mut row: MemberRow) -> Result<i64, SeedError> {
    let now = clock::now();
    let mut tx = store.write().await?;
    row.facility = facilities::find_named(&mut *tx, facility)
        .await?
        .ok_or_else(|| SeedError::NoFacility(facility.to_owned()))?;
    (row.version, row.created, row.updated) = (1, now, now);
    row.email = row.email.map(|email| email.trim().to_lowercase());
    let by_email = match &row.email {
        Some(email) => members::find_by_email(&mut *tx, email).await?,
        None => None,
    };
    let by_key = match &row.externalid {
        Some(key) => members::find_by_externalid(&mut *tx, row.facility, key).await?,
        None => None,
    };
    if let Some(id) = by_email.or(by_key) {
        return Err(SeedError::MemberExists(id));
    }
    let id = members::add(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(id)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, SeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(SeedError::Make),
        Err(_) => Err(SeedError::Make(SecretError::Stopped)),
    }
}
