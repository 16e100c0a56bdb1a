-- The narrow outside of the entries: read whole when the store opens, so kept apart from the payloads.
CREATE TABLE entry (
    seq        INTEGER PRIMARY KEY,     -- dense, given by the writer
    key        TEXT    NOT NULL UNIQUE,
    lane       BLOB    NOT NULL,        -- 16 bytes
    state      INTEGER NOT NULL,        -- codes of even parity
    stored_at  INTEGER NOT NULL,        -- milliseconds since 1970
    changed_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    size       INTEGER NOT NULL,        -- bytes of the payload before it was sealed
    code       TEXT,
    step       BLOB,                    -- sealed
    note       BLOB                     -- sealed: the receipt or the answer
) STRICT;

CREATE TABLE body (
    seq     INTEGER PRIMARY KEY,
    payload BLOB NOT NULL               -- sealed
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL                 -- sealed
) STRICT, WITHOUT ROWID;

-- One row. For all numbers ever given: last = rows + purged + lost, where last is the highest number of a row, or
-- `floor` if that is higher.
CREATE TABLE ledger (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    purged    INTEGER NOT NULL,
    lost      INTEGER NOT NULL,
    floor     INTEGER NOT NULL,
    key_check BLOB    NOT NULL          -- tells another seal key from a damaged seal
) STRICT;
