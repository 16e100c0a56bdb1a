//! The answer of the token end point.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A success answer of `POST /oauth/token`. Its `Debug` prints no token.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// Opaque; goes into the `Authorization` header.
    pub access_token: String,
    /// `bearer`; compare without regard to case.
    pub token_type: String,
    /// Life of the access token in seconds, if the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Opaque; buys the next access token once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Scopes given, separated by spaces, where they differ from those asked or none were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_an_answer_shows_no_token() {
        let text =
            r#"{"access_token":"at_secret","token_type":"bearer","expires_in":1800,"refresh_token":"rt_secret"}"#;
        let token: TokenResponse = serde_json::from_str(text).unwrap();
        assert!(!format!("{token:?}").contains("secret"));
        assert_eq!(serde_json::to_string(&token).unwrap(), text);
    }
}
