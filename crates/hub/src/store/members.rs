//! Members, and the third-party accounts linked to them.

use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqliteExecutor};

use super::filter::{Page, Query};

/// One member.
#[derive(Clone, Default, sqlx::FromRow)]
pub(crate) struct MemberRow {
    pub(crate) id: i64,
    pub(crate) version: i64,
    /// Case-folded.
    pub(crate) email: Option<String>,
    pub(crate) firstname: Option<String>,
    pub(crate) lastname: Option<String>,
    pub(crate) gender: Option<String>,
    pub(crate) dateofbirth: Option<String>,
    pub(crate) height: Option<String>,
    pub(crate) clothesweight: Option<String>,
    pub(crate) bodytype: Option<String>,
    pub(crate) facility: i64,
    pub(crate) externalid: Option<String>,
    pub(crate) units: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    #[sqlx(default)]
    pub(crate) lastreading: Option<i64>,
}

/// A linked account to be added. There is no reading it back: the secret is a hash, the rest is for looking up.
pub(crate) struct NewLinkedAccount {
    pub(crate) provider: String,
    pub(crate) username: Option<String>,
    pub(crate) userid: Option<String>,
    pub(crate) secret_hash: Option<String>,
}

/// How a subject is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    ExternalId,
    Username,
    UserId,
    /// Typed at a scanner: a member's `externalid` or a linked account's user id, leading zeros aside.
    Number,
}

const COLUMNS: &str = "SELECT *, (SELECT r.id FROM readings r WHERE r.member = members.id AND r.status = 'complete' \
                       ORDER BY r.date DESC, r.id DESC LIMIT 1) AS lastreading FROM members WHERE disabled = 0";

pub(crate) async fn find(db: impl SqliteExecutor<'_>, id: i64) -> sqlx::Result<Option<MemberRow>> {
    let mut select = QueryBuilder::<Sqlite>::new(COLUMNS);
    select.push(" AND id = ").push_bind(id);
    select.build_query_as().fetch_optional(db).await
}

pub(crate) async fn find_by_email(db: impl SqliteExecutor<'_>, email: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM members WHERE email = ?")
        .bind(email)
        .fetch_optional(db)
        .await
}

pub(crate) async fn find_by_externalid(
    db: impl SqliteExecutor<'_>,
    facility: i64,
    externalid: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM members WHERE facility = ? AND externalid = ?")
        .bind(facility)
        .bind(externalid)
        .fetch_optional(db)
        .await
}

/// The one member of `facility` whom `value` names. Nobody if several match: a result is never given to a wrong person.
pub(crate) async fn look_up(
    db: impl SqliteExecutor<'_>,
    facility: i64,
    lookup: Lookup,
    value: &str,
) -> sqlx::Result<Option<i64>> {
    let sql = match lookup {
        Lookup::ExternalId => "SELECT id FROM members WHERE facility = ?1 AND externalid = ?2 AND disabled = 0 LIMIT 2",
        Lookup::Username => {
            "SELECT DISTINCT m.id FROM linked_accounts l JOIN members m ON m.id = l.member \
             WHERE l.username = ?2 AND m.facility = ?1 AND m.disabled = 0 LIMIT 2"
        }
        Lookup::UserId => {
            "SELECT DISTINCT m.id FROM linked_accounts l JOIN members m ON m.id = l.member \
             WHERE l.userid = ?2 AND m.facility = ?1 AND m.disabled = 0 LIMIT 2"
        }
        Lookup::Number => {
            "SELECT DISTINCT m.id FROM members m LEFT JOIN linked_accounts l ON l.member = m.id \
             WHERE m.facility = ?1 AND m.disabled = 0 \
             AND (ltrim(m.externalid, '0') = ltrim(?2, '0') OR ltrim(l.userid, '0') = ltrim(?2, '0')) LIMIT 2"
        }
    };
    let found: Vec<i64> = sqlx::query_scalar(sql).bind(facility).bind(value).fetch_all(db).await?;
    Ok(match found[..] {
        [one] => Some(one),
        _ => None,
    })
}

/// Adds a member; answers the id. `row.id` is not used.
pub(crate) async fn add(tx: &mut SqliteConnection, row: &MemberRow) -> sqlx::Result<i64> {
    Ok(sqlx::query(
        "INSERT INTO members (version, email, firstname, lastname, gender, dateofbirth, height, clothesweight, \
         bodytype, facility, externalid, units, language, disabled, created, updated) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(row.version)
    .bind(&row.email)
    .bind(&row.firstname)
    .bind(&row.lastname)
    .bind(&row.gender)
    .bind(&row.dateofbirth)
    .bind(&row.height)
    .bind(&row.clothesweight)
    .bind(&row.bodytype)
    .bind(row.facility)
    .bind(&row.externalid)
    .bind(&row.units)
    .bind(&row.language)
    .bind(row.disabled)
    .bind(row.created)
    .bind(row.updated)
    .fetch_one(tx)
    .await?
    .get(0))
}

/// Writes every field of a member who is there.
pub(crate) async fn update(tx: &mut SqliteConnection, row: &MemberRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE members SET version = ?, email = ?, firstname = ?, lastname = ?, gender = ?, dateofbirth = ?, \
         height = ?, clothesweight = ?, bodytype = ?, facility = ?, externalid = ?, units = ?, language = ?, \
         disabled = ?, updated = ? WHERE id = ?",
    )
    .bind(row.version)
    .bind(&row.email)
    .bind(&row.firstname)
    .bind(&row.lastname)
    .bind(&row.gender)
    .bind(&row.dateofbirth)
    .bind(&row.height)
    .bind(&row.clothesweight)
    .bind(&row.bodytype)
    .bind(row.facility)
    .bind(&row.externalid)
    .bind(&row.units)
    .bind(&row.language)
    .bind(row.disabled)
    .bind(row.updated)
    .bind(row.id)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn add_linked_account(
    tx: &mut SqliteConnection,
    member: i64,
    account: &NewLinkedAccount,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO linked_accounts (member, type, username, userid, secret_hash, created) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(member)
    .bind(&account.provider)
    .bind(&account.username)
    .bind(&account.userid)
    .bind(&account.secret_hash)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// One page of those that pass `query`, and how many pass.
pub(crate) async fn list<'a>(
    db: impl SqliteExecutor<'a> + Copy,
    query: &Query,
    page: &Page,
) -> sqlx::Result<(Vec<MemberRow>, i64)> {
    query
        .page(
            page,
            "SELECT count(*) FROM members WHERE disabled = 0",
            QueryBuilder::new(COLUMNS),
            db,
        )
        .await
}
