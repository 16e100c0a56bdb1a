//! A request to the token end point, as the flows of `oxide-auth` read it.

use std::{borrow::Cow, collections::HashMap};

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use cloud_api::OAuthError;
use oxide_auth::code_grant::{client_credentials, refresh};
use secrecy::{ExposeSecret as _, SecretString};

use super::Refusal;

/// Suffix of an app's identifier that does not count (contract section 2).
const CLIENT_SUFFIX: &str = "@apps.boditrax.com";

/// The parameters of a form, with the client's credentials from the form or from HTTP Basic.
pub(super) struct TokenRequest {
    form: HashMap<String, SecretString>,
    client: Option<(String, SecretString)>,
    /// The credentials came by HTTP Basic.
    pub(super) basic: bool,
}

impl TokenRequest {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !content_type
            .to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
        {
            return Err(Refusal::new(
                OAuthError::InvalidRequest,
                "The body must be application/x-www-form-urlencoded.",
            ));
        }
        let mut form = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if form
                .insert(name.into_owned(), SecretString::from(value.into_owned()))
                .is_some()
            {
                return Err(Refusal::new(OAuthError::InvalidRequest, "A parameter occurs twice."));
            }
        }
        let by_header = match headers.get(header::AUTHORIZATION) {
            Some(value) => Some(basic(value.as_bytes()).ok_or_else(|| {
                Refusal::new(
                    OAuthError::InvalidRequest,
                    "The Authorization header is not HTTP Basic.",
                )
            })?),
            None => None,
        };
        let text = |name: &str| form.get(name).map(|value| value.expose_secret().to_owned());
        let basic = by_header.is_some();
        let client = match (by_header, text("client_id"), form.get("client_secret")) {
            (Some(_), _, Some(_)) => {
                return Err(Refusal::new(
                    OAuthError::InvalidRequest,
                    "Credentials came by header and by form.",
                ));
            }
            (Some(client), _, None) => Some(client),
            (None, Some(id), Some(secret)) => Some((id, secret.clone())),
            _ => None,
        };
        let client = client.map(|(id, secret)| (id.strip_suffix(CLIENT_SUFFIX).unwrap_or(&id).to_owned(), secret));
        Ok(Self { form, client, basic })
    }

    pub(super) fn grant_type(&self) -> Option<&str> {
        self.parameter("grant_type")
    }

    /// Identifier and secret, if the client sent both.
    pub(super) fn client(&self) -> Option<&(String, SecretString)> {
        self.client.as_ref()
    }

    /// Scopes asked for, separated by spaces; the contract accepts commas too. Empty means none were asked for.
    pub(super) fn scope(&self) -> Option<String> {
        let scope = self.parameter("scope")?.replace(',', " ");
        (!scope.trim().is_empty()).then_some(scope)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.form.get(name).map(|value| value.expose_secret())
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        let (id, secret) = self.client.as_ref()?;
        Some((Cow::Borrowed(id), Cow::Borrowed(secret.expose_secret().as_bytes())))
    }
}

impl client_credentials::Request for TokenRequest {
    fn valid(&self) -> bool {
        true
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        self.authorization()
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope().map(Cow::Owned)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.grant_type().map(Cow::Borrowed)
    }

    /// Credentials of the form have been moved to [`Self::authorization`], so the flow sees them once.
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl refresh::Request for TokenRequest {
    fn valid(&self) -> bool {
        true
    }

    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.parameter("refresh_token").map(Cow::Borrowed)
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope().map(Cow::Owned)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.grant_type().map(Cow::Borrowed)
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        self.authorization()
    }

    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// Identifier and secret of an HTTP Basic header; both parts are form-encoded inside (RFC 6749 section 2.3.1).
fn basic(header: &[u8]) -> Option<(String, SecretString)> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id), SecretString::from(form_decoded(secret))))
}

fn form_decoded(text: &str) -> String {
    // A text without `&` and `=` parses as one name without a value.
    let masked = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(masked.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap(),
        );
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    fn client(authorization: Option<&str>, form: &str) -> Option<(String, String)> {
        let request = TokenRequest::read(&headers(authorization), form.as_bytes()).ok()?;
        request
            .client()
            .map(|(id, secret)| (id.clone(), secret.expose_secret().to_owned()))
    }

    #[test]
    fn credentials_come_by_form_or_by_basic_and_the_suffix_does_not_count() {
        let expected = Some(("k3x9".to_owned(), "a=b&c:d é".to_owned()));
        assert_eq!(
            client(None, "client_id=k3x9&client_secret=a%3Db%26c%3Ad+%C3%A9"),
            expected
        );
        assert_eq!(
            client(
                None,
                "client_id=k3x9@apps.boditrax.com&client_secret=a%3Db%26c%3Ad+%C3%A9"
            ),
            expected
        );
        let encoded = base64::engine::general_purpose::STANDARD.encode("k3x9:a%3Db%26c%3Ad+%C3%A9");
        assert_eq!(client(Some(&format!("Basic {encoded}")), ""), expected);
        // A client that does not form-encode inside Basic is understood as long as nothing is ambiguous.
        let plain = base64::engine::general_purpose::STANDARD.encode("k3x9:a=b&c:d é");
        assert_eq!(client(Some(&format!("basic {plain}")), ""), expected);
    }

    #[test]
    fn repeated_parameters_and_double_credentials_are_refused() {
        assert!(TokenRequest::read(&headers(None), b"a=1&a=2").is_err());
        let encoded = base64::engine::general_purpose::STANDARD.encode("k3x9:s");
        assert!(TokenRequest::read(&headers(Some(&format!("Basic {encoded}"))), b"client_secret=s").is_err());
        assert!(TokenRequest::read(&headers(Some("Bearer x")), b"").is_err());
        assert!(TokenRequest::read(&HeaderMap::new(), b"client_id=a").is_err());
    }
}
