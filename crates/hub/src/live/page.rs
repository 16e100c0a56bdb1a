//! The page itself: one HTML document without any foreign resource.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("page.html");

/// Only this document's own style and script run, named by their digests; it may talk to this server alone.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'",
        digest("style"),
        digest("script"),
    );
    HeaderValue::from_str(&policy).expect("digests in base64 are ASCII")
});

pub(super) async fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Digest of the content of the page's one `style` or `script` element, as a content security policy wants it.
fn digest(element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let content = PAGE
        .split_once(&open)
        .and_then(|(_, rest)| rest.split_once(&close))
        .map_or("", |(content, _)| content);
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(content))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_self_contained() {
        for foreign in [
            "http://",
            "https://",
            "//cdn",
            "src=",
            "@import",
            "url(",
            "innerHTML",
            " style=",
            " onclick=",
        ] {
            assert!(!PAGE.contains(foreign), "the page holds {foreign}");
        }
        assert_eq!(
            (PAGE.matches("<script>").count(), PAGE.matches("<style>").count()),
            (1, 1)
        );
        let nothing = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(""));
        assert!(!POLICY.to_str().unwrap().contains(&nothing));
    }
}
