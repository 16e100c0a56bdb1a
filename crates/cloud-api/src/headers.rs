//! Names of the HTTP headers that the contract adds to the common ones. Lower case, as HTTP/2 wants them.

/// Version that served the answer, [`crate::API_VERSION`].
pub const API_VERSION: &str = "x-api-version";
/// Identifies one request in both sides' logs; echoed if sent, made otherwise.
pub const REQUEST_ID: &str = "x-request-id";
/// Key under which the first answer to a POST is kept for 24 h.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// `true` on an answer that was kept from an earlier request with the same key.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
/// Number of entities that match, on a collection.
pub const TOTAL_COUNT: &str = "x-total-count";
/// Page number of a collection's answer, from 1.
pub const PAGE: &str = "x-page";
/// Page size of a collection's answer.
pub const PAGE_SIZE: &str = "x-page-size";
/// Lets a POST stand for a PUT, PATCH or DELETE.
pub const METHOD_OVERRIDE: &str = "x-http-method-override";
/// Event an event stream was cut off at.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// Largest number of characters of an [`IDEMPOTENCY_KEY`]; printable ASCII only.
pub const IDEMPOTENCY_KEY_MAX: usize = 128;
