//! One credential and its token: got with client credentials, refreshed in time, never asked for twice at once.

use std::{pin::Pin, time::Duration};

use http::HeaderValue;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken, RequestTokenError,
    Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponse, BasicTokenResponse},
};
use secrecy::ExposeSecret as _;
use secret_ref::SecretRef;
use tokio::{sync::Mutex, time::Instant};
use tracing::debug;

use crate::{
    CallError, Config, Remedy,
    error::{Call, Defect},
    http::{Http, url},
};

/// Life of a token whose answer does not tell: that of the published samples.
const DEFAULT_LIFE: Duration = Duration::from_secs(1800);
/// The longest life that is believed; a longer one ends with a 401 that renews it. A server may send any number.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a token that is still good is used on when its refresh failed for the moment.
const REFRESH_AGAIN: Duration = Duration::from_secs(30);

pub(crate) struct Tokens {
    endpoint: TokenUrl,
    client_id: ClientId,
    secret: SecretRef,
    /// Held across the request: whoever needs a token meanwhile waits for that one.
    kept: Mutex<Option<Token>>,
}

struct Token {
    bearer: HeaderValue,
    refresh: Option<RefreshToken>,
    renew_at: Instant,
    expires_at: Instant,
}

/// How to replace a token that the server rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// By its refresh token, if it has one.
    Refresh,
    /// By the original grant.
    Authenticate,
}

impl Tokens {
    pub(crate) fn new(config: &Config, server: &str) -> Self {
        Self {
            endpoint: TokenUrl::from_url(url(server, &config.dialect.token_path)),
            client_id: ClientId::new(config.client_id.clone()),
            secret: config.client_secret.clone(),
            kept: Mutex::new(None),
        }
    }

    /// The value of the `Authorization` header: the kept token, renewed at 80 % of its life.
    ///
    /// Cancel-safe: a refresh that is dropped midway is made good by the original grant.
    pub(crate) async fn bearer(&self, http: &Http) -> Result<HeaderValue, CallError> {
        let mut kept = self.kept.lock().await;
        let refresh = match &mut *kept {
            Some(token) if Instant::now() < token.renew_at => return Ok(token.bearer.clone()),
            Some(token) => token.refresh.clone(),
            None => None,
        };
        match self.renew(http, refresh).await {
            Ok(token) => Ok(kept.insert(token).bearer.clone()),
            Err(error) => match &mut *kept {
                // The token end point is away for the moment; the token is still good for a fifth of its life.
                Some(token)
                    if matches!(error.remedy(), Remedy::RetryLater { .. }) && Instant::now() < token.expires_at =>
                {
                    debug!(code = %error.code(), "token not refreshed yet");
                    token.renew_at = Instant::now() + REFRESH_AGAIN;
                    Ok(token.bearer.clone())
                }
                _ => Err(error),
            },
        }
    }

    /// Another token in place of `rejected`. If somebody else has replaced it already, that one.
    pub(crate) async fn replace(
        &self,
        http: &Http,
        rejected: &HeaderValue,
        how: Renewal,
    ) -> Result<HeaderValue, CallError> {
        let mut kept = self.kept.lock().await;
        let refresh = match kept.take() {
            Some(token) if token.bearer != rejected => return Ok(kept.insert(token).bearer.clone()),
            Some(token) if how == Renewal::Refresh => token.refresh,
            _ => None,
        };
        let token = self.renew(http, refresh).await?;
        Ok(kept.insert(token).bearer.clone())
    }

    /// Refreshes; a refused refresh falls back to the original grant.
    async fn renew(&self, http: &Http, refresh: Option<RefreshToken>) -> Result<Token, CallError> {
        if let Some(refresh) = refresh {
            match self.request(http, Some(refresh)).await {
                Err(error) if matches!(error.remedy(), Remedy::Pause(_)) && error.refusal().is_some() => {
                    debug!(code = %error.code(), "refresh refused, authenticating anew");
                }
                answer => return answer,
            }
        }
        self.request(http, None).await
    }

    async fn request(&self, http: &Http, refresh: Option<RefreshToken>) -> Result<Token, CallError> {
        // Read anew each time, so that a secret that was reset is picked up without a restart.
        let secret = self.secret.read().map_err(|source| CallError::Secret {
            at: http.place(Call::Authenticate),
            source,
        })?;
        let client = BasicClient::new(self.client_id.clone())
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            // The published form of the request; HTTP Basic is not mentioned there.
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(self.endpoint.clone());
        let transport = Transport {
            http,
            secret: secret.expose_secret(),
        };
        let answer = match &refresh {
            Some(refresh) => client.exchange_refresh_token(refresh).request_async(&transport).await,
            None => {
                client
                    .exchange_client_credentials()
                    .add_scope(Scope::new(cloud_api::Scope::ScanPerformer.to_string()))
                    .add_scope(Scope::new(cloud_api::Scope::ScanCreator.to_string()))
                    .request_async(&transport)
                    .await
            }
        };
        let answer = answer.map_err(|error| failure(http, error))?;
        token(http, &answer, refresh)
    }
}

/// A refresh whose answer holds no refresh token leaves the old one in force (RFC 6749 section 6).
fn token(http: &Http, answer: &BasicTokenResponse, refreshed_by: Option<RefreshToken>) -> Result<Token, CallError> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", answer.access_token().secret()))
        .map_err(|_| garbled(http, Defect::Shape))?;
    bearer.set_sensitive(true);
    let life = answer.expires_in().unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE);
    let now = Instant::now();
    Ok(Token {
        bearer,
        refresh: answer.refresh_token().cloned().or(refreshed_by),
        renew_at: now + life.mul_f64(0.8),
        expires_at: now + life,
    })
}

fn failure(http: &Http, error: RequestTokenError<CallError, BasicErrorResponse>) -> CallError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(error, _) => garbled(http, Defect::from(error.inner())),
        // Refusals and foreign answers were sorted out by the transport: what is left is an empty success.
        RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => garbled(http, Defect::Cut),
    }
}

fn garbled(http: &Http, defect: Defect) -> CallError {
    CallError::Garbled {
        at: http.place(Call::Authenticate),
        status: http::StatusCode::OK,
        defect,
    }
}

/// Lets the `oauth2` crate call through our own client, which sorts the answers.
struct Transport<'a> {
    http: &'a Http,
    secret: &'a str,
}

impl<'c> AsyncHttpClient<'c> for Transport<'_> {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request.try_into().map_err(|source| CallError::Unreachable {
                at: self.http.place(Call::Authenticate),
                source,
            })?;
            let answer = self.http.send(Call::Authenticate, request, Some(self.secret)).await?;
            let mut response = HttpResponse::new(answer.body);
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
