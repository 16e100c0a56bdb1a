-- Instants are milliseconds since 1970 UTC. Objects, and measurements with their exact digits, are JSON text.
-- Ids are never used again, an integrator may keep one for good: AUTOINCREMENT, except for readings, which are never
-- deleted and whose id is known before the row is written.

CREATE TABLE apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    name TEXT,
    scopes TEXT NOT NULL,
    all_facilities INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
);

-- Facilities that have consented to an app.
CREATE TABLE app_facilities (
    app INTEGER NOT NULL REFERENCES apps (id),
    facility INTEGER NOT NULL REFERENCES facilities (id),
    PRIMARY KEY (app, facility)
);

-- Only digests of tokens are kept. A family is all that grew from one grant.
CREATE TABLE access_tokens (
    digest BLOB PRIMARY KEY,
    family TEXT NOT NULL,
    app INTEGER NOT NULL REFERENCES apps (id),
    scopes TEXT NOT NULL,
    expires INTEGER NOT NULL
);
CREATE INDEX access_tokens_family ON access_tokens (family);
CREATE INDEX access_tokens_app ON access_tokens (app);

-- `nonce` is set when the token was rotated: together with the token itself it yields the successor again.
CREATE TABLE refresh_tokens (
    digest BLOB PRIMARY KEY,
    family TEXT NOT NULL,
    app INTEGER NOT NULL REFERENCES apps (id),
    scopes TEXT NOT NULL,
    expires INTEGER NOT NULL,
    rotated INTEGER,
    nonce BLOB
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_app ON refresh_tokens (app);

-- Failed authentications, for the limit at the token end point.
CREATE TABLE failures (
    subject BLOB NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX failures_subject ON failures (subject, at);

CREATE TABLE facilities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    name TEXT,
    externalid TEXT UNIQUE,
    address TEXT,
    city TEXT,
    postcode TEXT,
    country TEXT,
    timezone TEXT,
    units TEXT,
    language TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);

CREATE TABLE members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    email TEXT UNIQUE,
    firstname TEXT,
    lastname TEXT,
    gender TEXT,
    dateofbirth TEXT,
    height TEXT,
    clothesweight TEXT,
    bodytype TEXT,
    facility INTEGER NOT NULL REFERENCES facilities (id),
    externalid TEXT,
    units TEXT,
    language TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE UNIQUE INDEX members_externalid ON members (facility, externalid);

CREATE TABLE linked_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    member INTEGER NOT NULL REFERENCES members (id),
    type TEXT NOT NULL,
    username TEXT,
    userid TEXT,
    secret_hash TEXT,
    created INTEGER NOT NULL,
    UNIQUE (type, userid),
    UNIQUE (type, username)
);
CREATE INDEX linked_accounts_member ON linked_accounts (member);
CREATE INDEX linked_accounts_username ON linked_accounts (username);
CREATE INDEX linked_accounts_userid ON linked_accounts (userid);

CREATE TABLE scanperformers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    app INTEGER NOT NULL REFERENCES apps (id),
    name TEXT,
    externalid TEXT NOT NULL,
    instance TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    facility INTEGER REFERENCES facilities (id),
    status TEXT NOT NULL,
    message TEXT,
    software TEXT,
    device TEXT,
    capabilities TEXT,
    mqtt TEXT,
    lastseen INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (app, externalid)
);

CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    app INTEGER NOT NULL REFERENCES apps (id),
    member INTEGER REFERENCES members (id),
    subject TEXT,
    assignment TEXT NOT NULL,
    guest TEXT,
    facility INTEGER REFERENCES facilities (id),
    scanperformer INTEGER REFERENCES scanperformers (id),
    externalid TEXT,
    date INTEGER,
    status TEXT NOT NULL,
    stage TEXT NOT NULL,
    progress INTEGER NOT NULL,
    message TEXT,
    error TEXT,
    attempt INTEGER NOT NULL,
    inputs TEXT,
    measurements TEXT NOT NULL,
    extra TEXT NOT NULL,
    device TEXT,
    raw TEXT,
    checksum TEXT,
    quality TEXT,
    created INTEGER NOT NULL,
    claimed INTEGER,
    started INTEGER,
    completed INTEGER,
    expires INTEGER,
    updated INTEGER NOT NULL
);
-- A reading's identity towards its creator, for good.
CREATE UNIQUE INDEX readings_externalid ON readings (app, externalid);
CREATE INDEX readings_member ON readings (member, date) WHERE member IS NOT NULL;
CREATE INDEX readings_date ON readings (date, id);
CREATE INDEX readings_updated ON readings (updated);
-- Readings that are under way: what a queue lists and what time may end.
CREATE INDEX readings_open ON readings (status, updated) WHERE status IN ('created', 'claimed', 'scanning', 'uploading');

-- First answers to requests with an `Idempotency-Key`, for 24 h.
CREATE TABLE answers (
    app INTEGER NOT NULL REFERENCES apps (id),
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    location TEXT,
    etag TEXT,
    body BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (app, key)
) WITHOUT ROWID;
CREATE INDEX answers_created ON answers (created);

-- A reading together with the answer that is kept for it, to be added by one statement: a transaction of several would
-- cost a walk-up scan more in changes of thread than the writing itself.
CREATE VIEW new_readings AS
SELECT readings.*, answers.key, answers.request, answers.status AS answer_status, answers.location, answers.etag,
    answers.body
FROM readings JOIN answers ON 0;

CREATE TRIGGER add_reading INSTEAD OF INSERT ON new_readings
BEGIN
    INSERT INTO readings (
        id, version, app, member, subject, assignment, guest, facility, scanperformer, externalid, date,
        status, stage, progress, message, error, attempt, inputs, measurements, extra, device, raw, checksum,
        quality, created, claimed, started, completed, expires, updated
    ) VALUES (
        NEW.id, NEW.version, NEW.app, NEW.member, NEW.subject, NEW.assignment, NEW.guest, NEW.facility,
        NEW.scanperformer, NEW.externalid, NEW.date, NEW.status, NEW.stage, NEW.progress, NEW.message,
        NEW.error, NEW.attempt, NEW.inputs, NEW.measurements, NEW.extra, NEW.device, NEW.raw, NEW.checksum,
        NEW.quality, NEW.created, NEW.claimed, NEW.started, NEW.completed, NEW.expires, NEW.updated
    );
    INSERT INTO answers (app, key, request, status, location, etag, body, created)
    SELECT NEW.app, NEW.key, NEW.request, NEW.answer_status, NEW.location, NEW.etag, NEW.body, NEW.created
    WHERE NEW.key IS NOT NULL;
END;
