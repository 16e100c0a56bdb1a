//! The typed calls.

use std::{error::Error, path::PathBuf};

use cloud_api::{
    Dialect, Id, Index, Measurements, NewPerformer, NewReading, Performer, PerformerPatch, Reading, ReadingPatch,
    Status, dialect::EditVerb, headers,
};
use http::{HeaderValue, Method, header};
use reqwest::{Request, Url};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    CallError, Config,
    answer::Answer,
    error::{Call, Defect},
    http::{Http, url},
    tokens::{Renewal, Tokens},
};

/// Fields asked for when a reading is looked up: what tells whether it is ours and how far it is.
const LOOKUP_FIELDS: [&str; 4] = ["id", "externalid", "status", "assignment"];

/// The client could not be made. No network is touched for that.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// `ca_file` cannot be read or holds no certificate.
    #[error("`ca_file` cannot be used: `{path}`", path = path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The HTTP client cannot be set up, such as when the system has no trusted certificates.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

/// The cloud, in the name of one app. Connections are kept for the next call.
///
/// Every call is cancel-safe on this side: dropping it leaves the client usable. Whether the server did what was asked
/// is unknown then, as after a lost answer.
pub struct Client {
    http: Http,
    tokens: Tokens,
    dialect: Dialect,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("server", self.http.server())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the server that `config` names. Reads `ca_file`, nothing else.
    ///
    /// # Errors
    /// [`BuildError`] if `ca_file` or the system's certificates cannot be used.
    ///
    /// # Panics
    /// If the program has installed no TLS provider.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        let http = Http::new(config)?;
        let tokens = Tokens::new(config, http.server());
        Ok(Self {
            http,
            tokens,
            dialect: config.dialect.clone(),
        })
    }

    /// Base URL of the server, without a slash at its end.
    #[must_use]
    pub fn server(&self) -> &str {
        self.http.server()
    }

    /// The server's words and what it can do.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The server's clock less ours in milliseconds, from the last answer that told its time; good to about a second.
    /// `None` before the first.
    #[must_use]
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.http.clock_offset_ms()
    }

    /// Makes sure that there is a valid token.
    ///
    /// # Errors
    /// [`CallError`], as every call.
    pub async fn authenticate(&self) -> Result<(), CallError> {
        self.tokens.bearer(&self.http).await.map(drop)
    }

    /// What the server offers. `None` where the dialect has no index.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn index(&self) -> Result<Option<Index>, CallError> {
        if !self.dialect.capabilities.index {
            return Ok(None);
        }
        let url = self.url(&self.dialect.api_root);
        let answer = self.call(Call::Index, Method::GET, url, None, None).await?;
        self.read(Call::Index, &answer).map(Some)
    }

    /// Registers a performer, or updates the one with the same `externalid`.
    ///
    /// # Errors
    /// [`CallError`]; [`Pause::ClonedIdentity`](crate::Pause::ClonedIdentity) if another instance holds it.
    pub async fn register_performer(&self, performer: &NewPerformer) -> Result<Performer, CallError> {
        let call = Call::RegisterPerformer;
        let url = self.url(&self.dialect.collection_path(&self.dialect.scanperformers));
        let answer = self
            .call(call, Method::POST, url, Some(self.encode(performer)), None)
            .await?;
        self.read(call, &answer)
    }

    /// Tells that a performer is alive, and what it does.
    ///
    /// # Errors
    /// [`CallError`]; [`Remedy::Register`](crate::Remedy::Register) if the server does not know the performer.
    pub async fn heartbeat(&self, performer: Id, state: &PerformerPatch) -> Result<(), CallError> {
        let url = self.url(&self.dialect.entity_path(&self.dialect.scanperformers, performer));
        self.call(Call::Heartbeat, self.edit(), url, Some(self.encode(state)), None)
            .await
            .map(drop)
    }

    /// The reading with this `externalid`, of this app. `None` means that the server has none.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::CannotAsk`] where the dialect has no such question, or where the answer does not
    /// tell whose readings it lists.
    pub async fn find_reading(&self, externalid: &str) -> Result<Option<Reading>, CallError> {
        let call = Call::FindReading;
        if !self.dialect.capabilities.find_by_externalid {
            return Err(CallError::CannotAsk {
                at: self.http.place(call),
            });
        }
        let mut url = self.url(&self.dialect.collection_path(&self.dialect.readings));
        let fields = LOOKUP_FIELDS.map(|field| self.dialect.field(field)).join(",");
        url.query_pairs_mut()
            .append_pair(self.dialect.field("externalid"), externalid)
            .append_pair(&self.dialect.fields_parameter, &fields);
        let answer = self.call(call, Method::GET, url, None, None).await?;
        let listed: Vec<Reading> = self.read(call, &answer)?;
        // A server that ignores the filter lists other readings; one that ignores `fields` does not say whose they are.
        let nameless = listed.iter().any(|reading| reading.externalid.is_none());
        match listed
            .into_iter()
            .find(|reading| reading.externalid.as_deref() == Some(externalid))
        {
            None if nameless => Err(CallError::CannotAsk {
                at: self.http.place(call),
            }),
            found => Ok(found),
        }
    }

    /// One reading as it is now.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn reading(&self, id: Id) -> Result<Reading, CallError> {
        let call = Call::ReadReading;
        let mut url = self.url(&self.dialect.entity_path(&self.dialect.readings, id));
        let fields = LOOKUP_FIELDS.map(|field| self.dialect.field(field)).join(",");
        url.query_pairs_mut()
            .append_pair(&self.dialect.fields_parameter, &fields);
        let answer = self.call(call, Method::GET, url, None, None).await?;
        self.read(call, &answer)
    }

    /// Creates a reading; with `status: complete`, date and measurements it is a walk-up result in one call. A repeat
    /// with the same `externalid` answers with the reading that is there.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_reading(&self, reading: &NewReading) -> Result<Reading, CallError> {
        let call = Call::CreateReading;
        let url = self.url(&self.dialect.collection_path(&self.dialect.readings));
        // The two forms are different requests: a server must not take one for a repeat of the other.
        let step = if reading.status == Some(Status::Complete) {
            "whole"
        } else {
            "create"
        };
        let key = reading
            .externalid
            .as_deref()
            .map(|externalid| format!("{externalid}/{step}"));
        let answer = self
            .call(call, Method::POST, url, Some(self.encode(reading)), key)
            .await?;
        self.read(call, &answer)
    }

    /// Adds the measurements of a reading. Adding the same values again changes nothing.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn add_measurements(&self, id: Id, externalid: &str, values: &Measurements) -> Result<(), CallError> {
        let path = self
            .dialect
            .part_path(&self.dialect.readings, id, &self.dialect.measurements);
        let (body, key) = (self.encode(values), format!("{externalid}/measurements"));
        self.call(
            Call::AddMeasurements,
            Method::POST,
            self.url(&path),
            Some(body),
            Some(key),
        )
        .await
        .map(drop)
    }

    /// Completes a reading. Completing it again changes nothing. The reading as it is then, where the server answers
    /// it.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn complete_reading(&self, id: Id, patch: &ReadingPatch) -> Result<Option<Reading>, CallError> {
        let call = Call::CompleteReading;
        let url = self.url(&self.dialect.entity_path(&self.dialect.readings, id));
        let answer = self
            .call(call, self.edit(), url, Some(self.encode(patch)), None)
            .await?;
        if answer.status == http::StatusCode::NO_CONTENT {
            return Ok(None);
        }
        self.read(call, &answer).map(Some)
    }

    /// Sends a call with a valid token. After a 401 it refreshes once, then authenticates anew once; a third 401 is an
    /// error.
    async fn call(
        &self,
        call: Call,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
        idempotency_key: Option<String>,
    ) -> Result<Answer, CallError> {
        let mut request = Request::new(method, url);
        request
            .headers_mut()
            .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = body {
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        }
        let idempotency_key = idempotency_key.filter(|_| self.dialect.capabilities.idempotency_key);
        if let Some(key) = idempotency_key.and_then(|key| HeaderValue::try_from(key).ok()) {
            request.headers_mut().insert(headers::IDEMPOTENCY_KEY, key);
        }
        let mut bearer = self.tokens.bearer(&self.http).await?;
        for renewal in [Renewal::Refresh, Renewal::Authenticate] {
            match self.attempt(call, &request, &bearer).await {
                Err(CallError::Refused { refusal, .. }) if refusal.status == http::StatusCode::UNAUTHORIZED => {
                    bearer = self.tokens.replace(&self.http, &bearer, renewal).await?;
                }
                answer => return answer,
            }
        }
        self.attempt(call, &request, &bearer).await
    }

    async fn attempt(&self, call: Call, request: &Request, bearer: &HeaderValue) -> Result<Answer, CallError> {
        let mut request = request.try_clone().expect("a body in memory can be sent again");
        request.headers_mut().insert(header::AUTHORIZATION, bearer.clone());
        let token = bearer.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        self.http.send(call, request, token).await
    }

    fn read<T: DeserializeOwned>(&self, call: Call, answer: &Answer) -> Result<T, CallError> {
        self.dialect.decode(&answer.body).map_err(|error| CallError::Garbled {
            at: self.http.place(call),
            status: answer.status,
            defect: Defect::from(&error),
        })
    }

    fn encode(&self, body: &impl Serialize) -> Vec<u8> {
        self.dialect
            .encode(body)
            .expect("bodies of this contract have string keys only, so they serialise")
    }

    fn url(&self, path: &str) -> Url {
        url(self.http.server(), path)
    }

    fn edit(&self) -> Method {
        match self.dialect.edit {
            EditVerb::Put => Method::PUT,
            EditVerb::Patch => Method::PATCH,
        }
    }
}
