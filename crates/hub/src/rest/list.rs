//! Lists: filters, order and pages of a collection (contract sections 6.2 and 6.3).

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use cloud_api::{ErrorCode, headers};
use scan_model::Metric;
use serde_json::json;

use super::{
    answer::Answer,
    error::{ApiError, Result},
    fields::Object,
    params::{Params, RESERVED},
};
use crate::{
    clock,
    store::filter::{Comparison, Condition, Left, Operand, Page, Query, Scope},
};

/// What a column holds, and so how a value to compare with is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Text,
    Instant,
}

/// A field that a list may be filtered and sorted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Name in the table.
    pub(super) sql: &'static str,
    pub(super) kind: Kind,
}

/// A column of the same name in the table.
pub(super) const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, sql: name, kind }
}

/// Filters and order of a request.
pub(super) fn query(
    params: &Params,
    columns: &[Column],
    default_order: &[(&'static str, bool)],
    scope: Scope,
) -> Result<Query> {
    let mut conditions = Vec::new();
    for (name, value) in &params.0 {
        if RESERVED.contains(&name.as_str()) {
            continue;
        }
        let (field, operator) = name.split_once("__").unwrap_or((name, "eq"));
        let fault = || {
            ApiError::new(ErrorCode::InvalidFilter, "This filter is not understood.")
                .field(name.chars().take(64).collect::<String>())
        };
        conditions.push(condition(field, operator, value, columns).ok_or_else(fault)?);
    }
    let order = match params.get("sort") {
        None => default_order.to_vec(),
        Some(sort) => order(sort, columns)
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidFilter, "This order is not understood.").field("sort"))?,
    };
    Ok(Query {
        scope,
        conditions,
        order,
    })
}

/// The page of a request.
pub(super) fn page(params: &Params) -> Result<Page> {
    if params.get("cursor").is_some() {
        return Err(ApiError::new(ErrorCode::InvalidRequest, "This server pages by `page`.").field("cursor"));
    }
    let size = match params.integer("pagesize", 1, 500)? {
        Some(size) => size,
        None => params.integer("limit", 1, 500)?.unwrap_or(50),
    };
    Ok(Page {
        number: params.integer("page", 1, i64::from(i32::MAX))?.unwrap_or(1),
        size,
    })
}

/// The answer: a bare array with the facts of the page in headers, or an envelope on request.
pub(super) fn answer(
    collection: &str,
    params: &Params,
    page: Page,
    total: i64,
    entities: &[Object],
) -> Result<Response> {
    let last = ((total + page.size - 1) / page.size).max(1);
    let link = |number: i64| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        // The token must not come back in a link that somebody may log.
        query.extend_pairs(
            params
                .0
                .iter()
                .filter(|(name, _)| name != "page" && name != "access_token"),
        );
        query.append_pair("page", &number.to_string());
        format!("{}/{collection}?{}", super::ROOT, query.finish())
    };
    let next = (page.number < last).then(|| link(page.number + 1));
    let mut response = if params.flag("envelope") {
        let envelope = json!({
            "data": entities, "page": page.number, "pagesize": page.size, "total": total, "next": next,
        });
        Answer::json(&envelope)?.into_response()
    } else {
        Answer::json(&entities)?.into_response()
    };
    let mut links = vec![format!("<{}>; rel=\"first\"", link(1))];
    if page.number > 1 {
        links.push(format!("<{}>; rel=\"prev\"", link((page.number - 1).min(last))));
    }
    links.extend(next.map(|next| format!("<{next}>; rel=\"next\"")));
    links.push(format!("<{}>; rel=\"last\"", link(last)));
    let facts = response.headers_mut();
    facts.insert(HeaderName::from_static(headers::TOTAL_COUNT), HeaderValue::from(total));
    facts.insert(HeaderName::from_static(headers::PAGE), HeaderValue::from(page.number));
    facts.insert(
        HeaderName::from_static(headers::PAGE_SIZE),
        HeaderValue::from(page.size),
    );
    if let Ok(value) = HeaderValue::from_str(&links.join(", ")) {
        facts.insert(header::LINK, value);
    }
    Ok(response)
}

/// Reads a value to compare with.
type Reader = fn(&str) -> Option<Operand>;

fn condition(field: &str, operator: &str, value: &str, columns: &[Column]) -> Option<Condition> {
    let (left, read): (Left, Reader) = match field.split_once('.') {
        Some(("measurements", name)) => {
            let name = Metric::from_alias(name)?.rest_name();
            (Left::Measurement(name), |text| text.parse().ok().map(Operand::Real))
        }
        Some(_) => return None,
        None => {
            let column = columns.iter().find(|column| column.name == field)?;
            let read: Reader = match column.kind {
                Kind::Id => |text| text.parse().ok().map(Operand::Int),
                Kind::Instant => |text| clock::parse(text).map(Operand::Int),
                Kind::Text => |text| Some(Operand::Text(text.to_owned())),
            };
            (Left::Sql(column.sql), read)
        }
    };
    let binary = |operator| Some(Comparison::Binary(operator, read(value)?));
    let comparison = match operator {
        "eq" => binary("=")?,
        "ne" => binary("<>")?,
        "lt" => binary("<")?,
        "lte" => binary("<=")?,
        "gt" => binary(">")?,
        "gte" => binary(">=")?,
        "in" => Comparison::In(value.split(',').map(read).collect::<Option<Vec<_>>>()?),
        "like" => Comparison::Like(value.to_owned()),
        "isnull" => Comparison::IsNull(match value {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return None,
        }),
        _ => return None,
    };
    Some(Condition { left, comparison })
}

fn order(sort: &str, columns: &[Column]) -> Option<Vec<(&'static str, bool)>> {
    sort.split(',')
        .map(|part| {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let column = columns.iter().find(|column| column.name == name)?;
            Some((column.sql, descending))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        column("id", Kind::Id),
        column("status", Kind::Text),
        column("date", Kind::Instant),
    ];

    fn parsed(text: &str) -> Result<Query> {
        query(&Params::parse(text), &COLUMNS, &[("id", false)], Scope::Nothing)
    }

    #[test]
    fn filters_and_order_are_understood() {
        let query = parsed("status=complete&date__gte=2025-01-01&id__in=1,2&page=3&sort=-date,id").unwrap();
        assert_eq!(
            query.conditions[0],
            Condition {
                left: Left::Sql("status"),
                comparison: Comparison::Binary("=", Operand::Text("complete".into()))
            }
        );
        assert_eq!(query.conditions.len(), 3);
        assert_eq!(query.order, [("date", true), ("id", false)]);
        let of_value = parsed("measurements.BodyWeight__gte=80").unwrap();
        assert_eq!(of_value.conditions[0].left, Left::Measurement("bodyweight".into()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "stauts=x",
            "id=x",
            "date__gte=soon",
            "id__near=1",
            "sort=size",
            "measurements.shoe=1",
            "id__isnull=2",
        ] {
            assert_eq!(parsed(bad).unwrap_err().code, ErrorCode::InvalidFilter, "{bad}");
        }
        for bad in ["page=0", "pagesize=501", "limit=x", "cursor=y"] {
            assert_eq!(
                page(&Params::parse(bad)).unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{bad}"
            );
        }
    }
}
