//! Instants as the store keeps them: milliseconds since 1970 UTC, the finest step the contract allows.

use jiff::Timestamp;

/// Now.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// An instant of a request, cut to milliseconds.
pub(crate) fn millis(instant: Timestamp) -> i64 {
    instant.as_millisecond()
}

/// RFC 3339 in UTC with `Z`.
pub(crate) fn rfc3339(millis: i64) -> String {
    instant(millis).to_string()
}

/// The instant of a stored number. One that no calendar has, which only a damaged store can hold, is shown as 1970.
pub(crate) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An instant of a query: RFC 3339 with any offset, or a date, which means its first moment in UTC.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// Whole seconds from `from` until `to`, at least one: for `Retry-After`.
pub(crate) fn seconds_until(from: i64, to: i64) -> i64 {
    ((to - from + 999) / 1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_an_instant_or_a_date() {
        let noon = parse("2025-01-01T12:00:00Z").unwrap();
        assert_eq!(parse("2025-01-01T13:00:00+01:00"), Some(noon));
        assert_eq!(parse("2025-01-01"), Some(noon - 12 * 3_600_000));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(rfc3339(noon + 480), "2025-01-01T12:00:00.48Z");
    }
}
