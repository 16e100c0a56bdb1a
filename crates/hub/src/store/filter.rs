//! Conditions, order and page of a list, and their SQL. Names of columns come from tables in the code, never from a
//! request; values are always bound.

use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Int(i64),
    Text(String),
    Real(f64),
}

/// How to compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparison {
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`
    Binary(&'static str, Operand),
    /// One of several.
    In(Vec<Operand>),
    /// A pattern with `%` and `_`.
    Like(String),
    /// Absent or present.
    IsNull(bool),
}

/// What stands left of the comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Left {
    /// A column or expression of this program.
    Sql(&'static str),
    /// The measurement of this name.
    Measurement(String),
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) left: Left,
    pub(crate) comparison: Comparison,
}

/// What a token may see of a table. All parts are SQL of this program with bound ids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scope {
    /// Nothing.
    Nothing,
    /// Rows whose column is among these ids.
    Among(&'static str, Vec<i64>),
    /// Rows whose column has this value.
    Is(&'static str, i64),
    /// Readings that an app's performers hold or may claim.
    PerformedBy(i64),
    /// Rows that pass one of these.
    Any(Vec<Scope>),
    /// Rows that pass all of these.
    All(Vec<Scope>),
}

/// Conditions and order of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) scope: Scope,
    pub(crate) conditions: Vec<Condition>,
    /// Columns with true for descending.
    pub(crate) order: Vec<(&'static str, bool)>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// From 1.
    pub(crate) number: i64,
    pub(crate) size: i64,
}

impl Condition {
    /// Whether it looks at a measured value.
    pub(crate) fn is_of_value(&self) -> bool {
        matches!(self.left, Left::Measurement(_))
    }
}

impl Query {
    /// One page of the rows that pass, and how many pass. `count` and `select` end in a condition, to which those of the query are added.
    pub(crate) async fn page<'a, Row>(
        &self,
        page: &Page,
        count: &'static str,
        mut select: QueryBuilder<Sqlite>,
        db: impl SqliteExecutor<'a> + Copy,
    ) -> sqlx::Result<(Vec<Row>, i64)>
    where
        Row: for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut total = QueryBuilder::new(count);
        self.push_where(&mut total);
        let total = total.build_query_scalar().fetch_one(db).await?;
        self.push_where(&mut select);
        for (n, (column, descending)) in self.order.iter().enumerate() {
            select.push(if n == 0 { " ORDER BY " } else { ", " }).push(column);
            if *descending {
                select.push(" DESC");
            }
        }
        select.push(" LIMIT ").push_bind(page.size);
        select
            .push(" OFFSET ")
            .push_bind(page.number.saturating_sub(1).saturating_mul(page.size));
        Ok((select.build_query_as().fetch_all(db).await?, total))
    }

    fn push_where(&self, select: &mut QueryBuilder<Sqlite>) {
        select.push(" AND ");
        self.scope.push(select);
        for condition in &self.conditions {
            select.push(" AND ");
            condition.push(select);
        }
    }
}

impl Scope {
    fn push(&self, select: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::Nothing => {
                select.push("0");
            }
            Self::Among(column, ids) => {
                select.push(column).push(" IN (");
                push_list(select, ids.iter().map(|&id| Operand::Int(id)));
                select.push(")");
            }
            Self::Is(column, id) => {
                select.push(column).push(" = ").push_bind(*id);
            }
            Self::PerformedBy(app) => {
                super::readings::push_performed(select, *app);
            }
            Self::Any(parts) => push_joined(select, parts, " OR ", "0"),
            Self::All(parts) => push_joined(select, parts, " AND ", "1"),
        }
    }
}

impl Condition {
    fn push(&self, select: &mut QueryBuilder<Sqlite>) {
        match &self.left {
            Left::Sql(sql) => {
                select.push(sql);
            }
            Left::Measurement(name) => {
                select
                    .push("json_extract(measurements, ")
                    .push_bind(format!("$.{name}"))
                    .push(")");
            }
        }
        match &self.comparison {
            Comparison::Binary(operator, operand) => {
                select.push(" ").push(operator).push(" ");
                push_operand(select, operand.clone());
            }
            Comparison::In(operands) => {
                select.push(" IN (");
                push_list(select, operands.iter().cloned());
                select.push(")");
            }
            Comparison::Like(pattern) => {
                select.push(" LIKE ").push_bind(pattern.clone());
            }
            Comparison::IsNull(true) => {
                select.push(" IS NULL");
            }
            Comparison::IsNull(false) => {
                select.push(" IS NOT NULL");
            }
        }
    }
}

fn push_joined(select: &mut QueryBuilder<Sqlite>, parts: &[Scope], operator: &str, empty: &str) {
    select.push("(");
    if parts.is_empty() {
        select.push(empty);
    }
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            select.push(operator);
        }
        part.push(select);
    }
    select.push(")");
}

fn push_list(select: &mut QueryBuilder<Sqlite>, operands: impl Iterator<Item = Operand>) {
    for (n, operand) in operands.enumerate() {
        if n > 0 {
            select.push(", ");
        }
        push_operand(select, operand);
    }
}

fn push_operand(select: &mut QueryBuilder<Sqlite>, operand: Operand) {
    match operand {
        Operand::Int(value) => select.push_bind(value),
        Operand::Text(value) => select.push_bind(value),
        Operand::Real(value) => select.push_bind(value),
    };
}
