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

use super::{Refusal, pair, request::TokenRequest, secret, throttle};
use crate::{
    state::Hub,
    store::{
        apps::{self, AppRow},
        tokens::{self, RefreshRow},
    },
};

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
            (Step::Issue(scope), Some(app)) => {
                let all = request.scope().is_none();
                return pair::issue(hub, app, ours(&scope)?, all, now).await;
            }
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
            Output::Err(_) | Output::Ok(_) => return Err(Refusal::dead_token()),
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
                Some(_) => return pair::rotate(hub, &token, scopes, now).await,
                None => return Err(Refusal::dead_token()),
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
    let given: OxideScope = app.scopes.parse().map_err(|_| Refusal::outside())?;
    match asked {
        None => Ok(given),
        Some(asked) if given.priviledged_to(&asked) => Ok(asked),
        Some(_) => Err(Refusal::outside()),
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
    scope.to_string().parse().map_err(|_| Refusal::outside())
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
        AccessTokenErrorType::InvalidScope => Refusal::outside(),
        AccessTokenErrorType::InvalidGrant => Refusal::dead_token(),
        _ => Refusal::new(OAuthError::InvalidRequest, "refresh_token is missing."),
    }
}

#[cfg(test)]
mod tests;
