//! What came back, and whether it is an answer of the API at all.

use std::time::Duration;

use cloud_api::{
    ErrorBody, ErrorCode,
    error::{KEPT_BYTES, OAuthError},
};
use http::{HeaderMap, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::Url;

use crate::error::{NotOurs, Refusal};

/// The longest time a server may ask to be left alone: a wrong header must not silence the leg for days.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What an answer is, before its meaning for the call is looked at.
pub(crate) enum Kind {
    /// A success with JSON, or without any content.
    Success,
    /// The API (or a gateway in front of it) said no.
    Refusal(Refusal),
    /// Something else answered.
    Foreign(NotOurs),
}

impl Answer {
    /// `asked` is the URL that was called; `token` is taken out of whatever text is kept.
    pub(crate) fn kind(&self, asked: &Url, token: Option<&str>) -> Kind {
        if self.status.is_redirection() {
            return Kind::Foreign(self.redirect(asked));
        }
        let html = self.media_type().is_some_and(|media| media.contains("html"));
        if self.status.is_success() {
            return match self.media_type() {
                _ if html => Kind::Foreign(NotOurs::Html),
                Some(media) if !self.body.is_empty() && !media.ends_with("json") => Kind::Foreign(NotOurs::ContentType),
                _ => Kind::Success,
            };
        }
        // Gateways say these in HTML; the status alone tells enough.
        let told_by_status = matches!(self.status.as_u16(), 401..=403 | 407 | 408 | 413 | 425 | 429 | 500..=599);
        if html && !told_by_status {
            return Kind::Foreign(NotOurs::Html);
        }
        Kind::Refusal(self.refusal(token))
    }

    /// When the server wrote the answer, by its clock.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        http_date(self.headers.get(header::DATE)?.to_str().ok()?)
    }

    fn refusal(&self, token: Option<&str>) -> Refusal {
        let body = ErrorBody::read(&self.body);
        let (code, mut text) = match body.code {
            // Whatever else a server calls its refusals may be anything: it stays with its words.
            Some(code) if !is_known(&code) => (None, format!("{code}: {}", body.error)),
            code => (code, body.error),
        };
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            text = text.replace(token, "[token]");
        }
        // After all that makes it longer, such as the replacement of broken UTF-8.
        text.truncate(text.floor_char_boundary(KEPT_BYTES));
        Refusal {
            status: self.status,
            code,
            field: body.field.filter(|field| is_field_name(field)),
            retry_after: self.retry_after(),
            request_id: body.request_id.filter(|id| is_request_id(id)),
            text,
        }
    }

    /// Seconds or a date (RFC 9110 section 10.2.3).
    fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                // Both times are the server's, so that a wrong clock here does no harm.
                let now = self.date().unwrap_or_else(Timestamp::now);
                Duration::try_from(http_date(text)?.duration_since(now)).unwrap_or_default()
            }
        };
        Some(wait.min(LONGEST_WAIT))
    }

    fn redirect(&self, asked: &Url) -> NotOurs {
        let target = self
            .headers
            .get(header::LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| asked.join(location).ok());
        match target {
            Some(target) if target.host_str() != asked.host_str() => NotOurs::RedirectAway,
            _ => NotOurs::RedirectWithin,
        }
    }

    /// Media type in lower case without parameters.
    fn media_type(&self) -> Option<String> {
        let text = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media = text.split(';').next().unwrap_or_default();
        Some(media.trim().to_ascii_lowercase())
    }
}

/// The words of a server that are printed and shown are those of the contract; others may hold what was sent.
fn is_known(code: &str) -> bool {
    code.parse::<ErrorCode>().is_ok() || code.parse::<OAuthError>().is_ok()
}

fn is_field_name(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
}

fn is_request_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_wait_is_read_from_seconds_and_dates_and_has_a_limit() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (retry_after, seconds) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", Some(0)),
            ("999999999", Some(3600)),
            ("soon", None),
        ] {
            let answer = answer(503, &[date, ("retry-after", retry_after)], "");
            assert_eq!(answer.retry_after(), seconds.map(Duration::from_secs), "{retry_after}");
        }
    }

    #[test]
    fn a_token_that_the_server_repeats_is_not_kept() {
        let echo = answer(400, &[], r#"{"error":"bad header: Bearer at_7Qd0"}"#);
        let Kind::Refusal(refusal) = echo.kind(&"http://x/".parse().unwrap(), Some("at_7Qd0")) else {
            panic!("a refusal")
        };
        assert_eq!(refusal.text(), "bad header: Bearer [token]");
        assert_eq!(refusal.to_string(), "status 400 (http_400)");
    }

    #[test]
    fn words_that_are_not_the_contracts_stay_with_the_sealed_text() {
        let url = "http://x/".parse().unwrap();
        let body = r#"{"error":"No.","code":"Jane Doe 80.5","field":"Jane Doe","request_id":"Jane Doe"}"#;
        let Kind::Refusal(refusal) = answer(422, &[], body).kind(&url, None) else {
            panic!("a refusal")
        };
        assert_eq!(refusal.to_string(), "status 422 (http_422)");
        assert_eq!(refusal.text(), "Jane Doe 80.5: No.");
    }

    #[test]
    fn a_body_of_broken_utf8_is_cut_to_its_limit() {
        let broken = Answer {
            body: vec![0xff; KEPT_BYTES],
            ..answer(500, &[], "")
        };
        let Kind::Refusal(refusal) = broken.kind(&"http://x/".parse().unwrap(), None) else {
            panic!("a refusal")
        };
        assert!((KEPT_BYTES - 3..=KEPT_BYTES).contains(&refusal.text().len()));
    }
}
