//! Bodies of requests: JSON, or a form as elsewhere in the published pages.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use cloud_api::ErrorCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ApiError, Result};

/// Largest body: 1 MiB.
const LIMIT: usize = 1024 * 1024;
/// Deepest nesting.
const DEPTH: usize = 16;

/// A body that was read and is JSON in form, whatever it means.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) value: Value,
    /// As it came, for telling two requests apart.
    pub(super) bytes: Bytes,
}

impl Payload {
    /// The members of the body.
    pub(super) fn object(&mut self) -> Result<&mut Map<String, Value>> {
        self.value
            .as_object_mut()
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidJson, "The body must be a JSON object."))
    }

    /// Takes out members that the server sets. They may be sent back as they are, but not changed.
    pub(super) fn drop_read_only(&mut self, current: &[(&str, Value)]) -> Result<()> {
        let members = self.object()?;
        for name in ["id", "created", "updated", "createdby"] {
            let Some(sent) = members.remove(name) else {
                continue;
            };
            let is = current.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
            if is.is_some_and(|is| *is != sent) {
                return Err(ApiError::new(ErrorCode::ReadOnlyField, "The server sets this field.").field(name));
            }
        }
        Ok(())
    }

    /// The body as `T`. A member that does not fit is named.
    pub(super) fn into<T: DeserializeOwned>(self) -> Result<T> {
        typed(self.value)
    }
}

/// A JSON value as `T`. A member that does not fit is named.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        // The fault's own text may repeat the value.
        ApiError::invalid(
            error.path().to_string(),
            "The value does not have the form that belongs here.",
        )
    })
}

impl<S: Sync> FromRequest<S> for Payload {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let form = is_form(&parts.headers)?;
        let bytes = read(body, &parts.headers).await?;
        let value = if form { from_form(&bytes) } else { from_json(&bytes)? };
        Ok(Self { value, bytes })
    }
}

async fn read(body: Body, headers: &HeaderMap) -> Result<Bytes> {
    let too_large = || ApiError::new(ErrorCode::BodyTooLarge, "The body is larger than 1 MiB.");
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LIMIT) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, LIMIT).await.map_err(|error| {
        let limit = std::error::Error::source(&error)
            .is_some_and(|source| source.to_string().contains("length limit exceeded"));
        if limit {
            too_large()
        } else {
            ApiError::new(ErrorCode::InvalidRequest, "The body broke off.")
        }
    })
}

fn is_form(headers: &HeaderMap) -> Result<bool> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        // A PUT of one field is often sent without any.
        "" | "application/json" => Ok(false),
        "application/x-www-form-urlencoded" => Ok(true),
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "Send application/json or application/x-www-form-urlencoded.",
        )),
    }
}

fn from_json(bytes: &[u8]) -> Result<Value> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::new(ErrorCode::InvalidJson, format!("No JSON at line {}.", error.line())))?;
    if depth(&value) > DEPTH {
        return Err(ApiError::new(
            ErrorCode::InvalidJson,
            "The body is nested more than 16 deep.",
        ));
    }
    Ok(value)
}

/// A form as an object of texts; `subject.value=17` goes into an object within. Ids, percentages and measurements are
/// accepted as text wherever a shape has them.
fn from_form(bytes: &[u8]) -> Value {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        let value = Value::String(value.into_owned());
        match name.split_once('.') {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some((outer, inner)) => {
                let within = object
                    .entry(outer.to_owned())
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(within) = within {
                    within.insert(inner.to_owned(), value);
                }
            }
        }
    }
    Value::Object(object)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
