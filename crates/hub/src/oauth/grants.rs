//! The grants: what happens between a token request and its answer.

use std::{borrow::Cow, net::IpAddr, sync::LazyLock};

use chrono::{DateTime, Utc};
use cloud_api::{OAuthError, Scopes, TokenResponse};
use oxide_auth::{
    code_grant::{
        client_credentials::{self, ClientCredentials},
        error::AccessTokenErrorType,
        refresh::{self, Refresh},
    },
    primitives::{
        grant::{Extensions, Grant},
        registrar::{BoundClient, PreGrant, RegisteredUrl},
        scope::Scope as OxideScope,
    },
};
use url::Url;
use uuid::Uuid;

use super::{
    Refusal,
    request::TokenRequest,
    secret::{self, SecretError, Token},
    throttle,
};
use crate::{
    state::Hub,
    store::{
        apps::{self, AppRow},
        tokens::{self, NewToken, RefreshRow},
    },
};

/// Life of an access token: 1800 s, as in the published samples.
const ACCESS_S: i64 = 1800;
/// Life of a refresh token: 30 days.
const REFRESH_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long after its use a refresh token still yields the same successor: a client whose answer was lost asks again.
const GRACE_MS: i64 = 10_000;

/// The flows carry a redirect address everywhere; these two grants never redirect.
static NO_REDIRECT: LazyLock<RegisteredUrl> = LazyLock::new(|| Url::parse("urn:none").expect("a URN is a URL").into());

/// The app speaks for itself (contract section 3.4).
pub(super) async fn client_credentials(
    hub: &Hub,
    request: &TokenRequest,
    peer: IpAddr,
    now: i64,
) -> Result<TokenResponse, Refusal> {
    use client_credentials::{Input, Output};

    enum Step {
        Authenticate,
        Bind(String),
        Extend,
        Negotiate(Option<OxideScope>),
        Issue(OxideScope),
    }

    let mut flow = ClientCredentials::new(request);
    let mut input = Input::None;
    let mut app = None;
    loop {
        let step = match flow.advance(input) {
            Output::Authenticate { .. } => Step::Authenticate,
            Output::Binding { client_id } => Step::Bind(client_id.to_owned()),
            Output::Extend => Step::Extend,
            Output::Negotiate { scope, .. } => Step::Negotiate(scope),
            Output::Ok { pre_grant, .. } => Step::Issue(pre_grant.scope.clone()),
            Output::Err(_) => return Err(no_credentials(request)),
        };
        input = match (step, &app) {
            (Step::Authenticate, _) => {
                app = Some(authenticate(hub, request, peer, now).await?);
                Input::Authenticated
            }
            (Step::Bind(client_id), _) => Input::Bound {
                bound_client: bound(client_id),
            },
            (Step::Extend, _) => Input::Extended {
                extensions: Extensions::new(),
            },
            (Step::Negotiate(asked), Some(app)) => Input::Negotiated {
                pre_grant: PreGrant {
                    client_id: app.client_id.clone(),
                    redirect_uri: NO_REDIRECT.clone(),
                    scope: negotiate(app, asked)?,
                },
            },
            (Step::Issue(scope), Some(app)) => return issue(hub, app, &scope, request.scope(), now).await,
            // The flow authenticates first, whatever comes after.
            (Step::Negotiate(_) | Step::Issue(_), None) => return Err(no_credentials(request)),
        };
    }
}

/// A refresh token buys the next pair (contract section 3.5).
pub(super) async fn refresh(
    hub: &Hub,
    request: &TokenRequest,
    peer: IpAddr,
    now: i64,
) -> Result<TokenResponse, Refusal> {
    use refresh::{Input, Output};

    enum Step {
        Authenticate,
        Recover(String),
        Refresh(String, Scopes),
    }

    if request.client().is_none() {
        return Err(no_credentials(request));
    }
    let mut flow = Refresh::new(request);
    let mut input = Input::None;
    let mut found = None;
    loop {
        let step = match flow.advance(input) {
            Output::Unauthenticated { .. } => Step::Authenticate,
            Output::RecoverRefresh { token } => Step::Recover(token.to_owned()),
            Output::Refresh { token, grant } => Step::Refresh(token.to_owned(), ours(&grant.scope)?),
            Output::Err(refresh::Error::Invalid(mut fault)) => return Err(refused(fault.description().kind())),
            // `Ok` follows an input that is never given: the answer leaves by `Step::Refresh`.
            Output::Err(_) | Output::Ok(_) => return Err(dead_token()),
        };
        input = match step {
            Step::Authenticate => {
                authenticate(hub, request, peer, now).await?;
                Input::Authenticated { scope: None }
            }
            Step::Recover(token) => {
                found = tokens::find_refresh(hub.store.read(), &secret::digest(&token)).await?;
                let grant = found.as_ref().filter(|row| row.expires > now).and_then(grant);
                Input::Recovered {
                    scope: request.scope().map(Into::into),
                    grant,
                }
            }
            Step::Refresh(token, scopes) => match &found {
                Some(_) => return rotate(hub, &token, scopes, now).await,
                None => return Err(dead_token()),
            },
        };
    }
}

/// The app, if identifier and secret are right and there were not too many failures.
async fn authenticate(hub: &Hub, request: &TokenRequest, peer: IpAddr, now: i64) -> Result<AppRow, Refusal> {
    let Some((client_id, given)) = request.client() else {
        return Err(no_credentials(request));
    };
    let subject = throttle::subject(client_id, peer);
    if let Some(seconds) = throttle::wait(hub.store.read(), &subject, now).await? {
        let refusal = Refusal::new(OAuthError::SlowDown, "Too many failed attempts.");
        return Err(refusal.after(seconds));
    }
    let app = apps::find(hub.store.read(), client_id)
        .await?
        .filter(|app| !app.disabled);
    let stored = app.as_ref().map(|app| app.secret_hash.clone());
    let right = secret::check(hub, given.clone(), stored).await;
    match app {
        Some(app) if right => Ok(app),
        _ => {
            let mut tx = hub.store.write().await?;
            tokens::add_failure(&mut tx, &subject, now).await?;
            tx.commit().await?;
            let mut refusal = Refusal::new(OAuthError::InvalidClient, "Unknown app, or the secret is wrong.");
            refusal.basic = request.basic;
            Err(refusal)
        }
    }
}

/// What is asked for, if the app has it; all of the app's scopes if nothing is asked for.
fn negotiate(app: &AppRow, asked: Option<OxideScope>) -> Result<OxideScope, Refusal> {
    let given: OxideScope = app.scopes.parse().map_err(|_| outside())?;
    match asked {
        None => Ok(given),
        Some(asked) if given.priviledged_to(&asked) => Ok(asked),
        Some(_) => Err(outside()),
    }
}

async fn issue(
    hub: &Hub,
    app: &AppRow,
    scope: &OxideScope,
    asked: Option<String>,
    now: i64,
) -> Result<TokenResponse, Refusal> {
    let pair = Pair {
        access: Token::random("at")?,
        refresh: Token::random("rt")?,
    };
    let family = Uuid::now_v7().simple().to_string();
    let scopes = ours(scope)?;
    let mut tx = hub.store.write().await?;
    pair.add(&mut tx, &family, app.id, scopes, now).await?;
    tx.commit().await?;
    Ok(pair.response(scopes, asked.is_none()))
}

/// Uses up a refresh token. Whoever comes second within the grace gets the same successors; later, somebody holds a
/// token that is not theirs, and the whole family ends.
async fn rotate(hub: &Hub, token: &str, scopes: Scopes, now: i64) -> Result<TokenResponse, Refusal> {
    let digest = secret::digest(token);
    let mut tx = hub.store.write().await?;
    // Read again: only here nobody else can use it up at the same time.
    let Some(row) = tokens::find_refresh(&mut *tx, &digest).await? else {
        return Err(dead_token());
    };
    let used = row.rotated.zip(row.nonce.clone());
    match used {
        None => {
            let nonce = secret::random::<16>()?;
            let pair = Pair::successors(token, &nonce);
            tokens::rotate(&mut tx, &digest, &nonce, now).await?;
            pair.add(&mut tx, &row.family, row.app, scopes, now).await?;
            tx.commit().await?;
            Ok(pair.response(scopes, true))
        }
        Some((rotated, nonce)) if now - rotated <= GRACE_MS => {
            let pair = Pair::successors(token, &nonce);
            // The scopes of the first answer count: the successors carry them.
            let successor = tokens::find_access(&mut *tx, &pair.access.digest())
                .await?
                .ok_or_else(dead_token)?;
            let scopes = successor.scopes.parse().map_err(|_| outside())?;
            Ok(pair.response(scopes, true))
        }
        Some(_) => {
            tokens::revoke_family(&mut tx, &row.family).await?;
            tx.commit().await?;
            hub.tokens.clear();
            tracing::warn!(
                client_id = row.client_id,
                "a refresh token was used twice: its family is revoked"
            );
            Err(dead_token())
        }
    }
}

/// The two tokens of one answer.
struct Pair {
    access: Token,
    refresh: Token,
}

impl Pair {
    fn successors(token: &str, nonce: &[u8]) -> Self {
        Self {
            access: Token::successor("at", token, nonce),
            refresh: Token::successor("rt", token, nonce),
        }
    }

    async fn add(
        &self,
        tx: &mut sqlx::SqliteConnection,
        family: &str,
        app: i64,
        scopes: Scopes,
        now: i64,
    ) -> sqlx::Result<()> {
        let scopes = &scopes.to_string();
        let (access, refresh) = (&self.access.digest(), &self.refresh.digest());
        let expires = now + ACCESS_S * 1000;
        tokens::add_access(
            tx,
            &NewToken {
                digest: access,
                family,
                app,
                scopes,
                expires,
            },
        )
        .await?;
        let expires = now + REFRESH_MS;
        tokens::add_refresh(
            tx,
            &NewToken {
                digest: refresh,
                family,
                app,
                scopes,
                expires,
            },
        )
        .await
    }

    fn response(&self, scopes: Scopes, name_scopes: bool) -> TokenResponse {
        TokenResponse {
            access_token: self.access.reveal(),
            token_type: "bearer".to_owned(),
            expires_in: Some(ACCESS_S.unsigned_abs()),
            refresh_token: Some(self.refresh.reveal()),
            scope: name_scopes.then(|| scopes.to_string()),
        }
    }
}

/// A stored refresh token as the flow wants it. Its end was checked already, by the clock of this program.
fn grant(row: &RefreshRow) -> Option<Box<Grant>> {
    Some(Box::new(Grant {
        owner_id: row.client_id.clone(),
        client_id: row.client_id.clone(),
        scope: row.scopes.parse().ok()?,
        redirect_uri: NO_REDIRECT.to_url(),
        until: DateTime::<Utc>::MAX_UTC,
        extensions: Extensions::new(),
    }))
}

fn bound(client_id: String) -> BoundClient<'static> {
    BoundClient {
        client_id: client_id.into(),
        redirect_uri: Cow::Borrowed(&NO_REDIRECT),
    }
}

fn ours(scope: &OxideScope) -> Result<Scopes, Refusal> {
    scope.to_string().parse().map_err(|_| outside())
}

fn no_credentials(request: &TokenRequest) -> Refusal {
    if request.client().is_none() {
        return Refusal::new(
            OAuthError::InvalidClient,
            "The app's identifier and secret are required.",
        );
    }
    Refusal::new(OAuthError::InvalidRequest, "The request is not complete.")
}

fn refused(kind: AccessTokenErrorType) -> Refusal {
    match kind {
        AccessTokenErrorType::InvalidScope => outside(),
        AccessTokenErrorType::InvalidGrant => dead_token(),
        _ => Refusal::new(OAuthError::InvalidRequest, "refresh_token is missing."),
    }
}

fn outside() -> Refusal {
    Refusal::new(OAuthError::InvalidScope, "The app was not given this scope.")
}

fn dead_token() -> Refusal {
    Refusal::new(
        OAuthError::InvalidGrant,
        "The refresh token is unknown, expired, used or of another app.",
    )
}

impl From<SecretError> for Refusal {
    fn from(error: SecretError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "no token could be made");
        Self::new(
            OAuthError::TemporarilyUnavailable,
            "No token can be made at the moment.",
        )
        .after(5)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::http::{HeaderMap, header};

    use super::*;
    use crate::state::test_hub;

    const NOW: i64 = 1_800_000_000_000;
    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    async fn ask(hub: &Hub, form: &str, now: i64) -> Result<TokenResponse, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        let request = TokenRequest::read(&headers, form.as_bytes())?;
        match request.grant_type() {
            Some("refresh_token") => refresh(hub, &request, PEER, now).await,
            _ => client_credentials(hub, &request, PEER, now).await,
        }
    }

    async fn first(hub: &Hub) -> TokenResponse {
        ask(
            hub,
            "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret",
            NOW,
        )
        .await
        .unwrap()
    }

    async fn again(hub: &Hub, token: &str, more: &str, now: i64) -> Result<TokenResponse, Refusal> {
        let form = format!("grant_type=refresh_token&client_id=k3x9&client_secret=s3cret&refresh_token={token}{more}");
        ask(hub, &form, now).await
    }

    async fn is_live(hub: &Hub, access: &str, now: i64) -> bool {
        hub.tokens
            .caller(hub.store.read(), &secret::digest(access), now)
            .await
            .unwrap()
            .is_some()
    }

    #[tokio::test]
    async fn a_used_refresh_token_yields_the_same_successor_for_ten_seconds_and_then_ends_its_family() {
        let (hub, _folder) = test_hub().await;
        let old = first(&hub).await.refresh_token.unwrap();
        let next = again(&hub, &old, "", NOW).await.unwrap();
        let retried = again(&hub, &old, "", NOW + GRACE_MS).await.unwrap();
        assert_eq!(
            (&retried.access_token, &retried.refresh_token),
            (&next.access_token, &next.refresh_token)
        );
        assert!(is_live(&hub, &next.access_token, NOW + GRACE_MS).await);
        let reused = again(&hub, &old, "", NOW + GRACE_MS + 1).await.unwrap_err();
        assert_eq!(reused.error, OAuthError::InvalidGrant);
        assert!(!is_live(&hub, &next.access_token, NOW + GRACE_MS + 1).await);
        let successor = again(&hub, &next.refresh_token.unwrap(), "", NOW + GRACE_MS + 1)
            .await
            .unwrap_err();
        assert_eq!(successor.error, OAuthError::InvalidGrant);
    }

    #[tokio::test]
    async fn scopes_narrow_and_never_widen() {
        let (hub, _folder) = test_hub().await;
        let wide = first(&hub).await;
        assert_eq!(wide.scope.as_deref(), Some("scan_performer scan_creator"));
        let narrow = again(&hub, &wide.refresh_token.unwrap(), "&scope=scan_creator", NOW)
            .await
            .unwrap();
        assert_eq!(narrow.scope.as_deref(), Some("scan_creator"));
        let wider = again(
            &hub,
            &narrow.refresh_token.unwrap(),
            "&scope=scan_creator,scan_performer",
            NOW,
        )
        .await;
        assert_eq!(wider.unwrap_err().error, OAuthError::InvalidScope);
        let outside = "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret&scope=reporting";
        assert_eq!(
            ask(&hub, outside, NOW).await.unwrap_err().error,
            OAuthError::InvalidScope
        );
    }

    #[tokio::test]
    async fn tokens_end_at_their_time() {
        let (hub, _folder) = test_hub().await;
        let tokens = first(&hub).await;
        let end = NOW + ACCESS_S * 1000;
        assert!(is_live(&hub, &tokens.access_token, end - 1).await);
        assert!(!is_live(&hub, &tokens.access_token, end).await);
        let refresh = tokens.refresh_token.unwrap();
        assert!(again(&hub, &refresh, "", NOW + REFRESH_MS).await.is_err());
        assert!(again(&hub, &refresh, "", NOW + REFRESH_MS - 1).await.is_ok());
    }

    #[tokio::test]
    async fn failures_are_limited_for_one_address_and_one_app() {
        let (hub, _folder) = test_hub().await;
        let wrong = "grant_type=client_credentials&client_id=k3x9&client_secret=wrong";
        for _ in 0..5 {
            assert_eq!(
                ask(&hub, wrong, NOW).await.unwrap_err().error,
                OAuthError::InvalidClient
            );
        }
        let limited = ask(&hub, wrong, NOW).await.unwrap_err();
        assert_eq!((limited.error, limited.retry_after), (OAuthError::SlowDown, Some(300)));
        let unknown = "grant_type=client_credentials&client_id=nobody&client_secret=wrong";
        assert_eq!(
            ask(&hub, unknown, NOW).await.unwrap_err().error,
            OAuthError::InvalidClient
        );
        let right = "grant_type=client_credentials&client_id=k3x9&client_secret=s3cret";
        assert!(ask(&hub, right, NOW + throttle::WINDOW_MS).await.is_ok());
    }

    #[tokio::test]
    async fn a_refresh_needs_the_app_it_was_given_to() {
        let (hub, _folder) = test_hub().await;
        let other = crate::seed::NewApp {
            client_id: "other",
            name: None,
            scopes: "reporting".into(),
            facilities: &[],
        };
        crate::seed::put_app(&hub.store, &other, "0ther".to_owned().into())
            .await
            .unwrap();
        let token = first(&hub).await.refresh_token.unwrap();
        let form = format!("grant_type=refresh_token&client_id=other&client_secret=0ther&refresh_token={token}");
        assert_eq!(ask(&hub, &form, NOW).await.unwrap_err().error, OAuthError::InvalidGrant);
        let public = format!("grant_type=refresh_token&client_id=k3x9&refresh_token={token}");
        assert_eq!(
            ask(&hub, &public, NOW).await.unwrap_err().error,
            OAuthError::InvalidClient
        );
        let none = "grant_type=refresh_token&client_id=k3x9&client_secret=s3cret";
        assert_eq!(
            ask(&hub, none, NOW).await.unwrap_err().error,
            OAuthError::InvalidRequest
        );
    }
}
