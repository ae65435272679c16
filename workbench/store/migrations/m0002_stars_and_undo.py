"""Stars, and what undoing a change of many requests at once needs."""

STATEMENTS = (
    # A star is set and taken away often: a narrow row of its own leaves the request alone.
    """
    CREATE TABLE stars (
        request_id BIGINT NOT NULL,
        actor VARCHAR NOT NULL,
        starred_at TIMESTAMP NOT NULL
    )
    """,
    # One row for each change of many requests. `detail` is what was asked, as JSON; `planned` how
    # many requests it was asked for, `changed` how many it has changed so far.
    """
    CREATE TABLE bulk_changes (
        id BIGINT NOT NULL,
        made_at TIMESTAMP NOT NULL,
        actor VARCHAR NOT NULL,
        action VARCHAR NOT NULL,
        detail VARCHAR NOT NULL,
        planned BIGINT NOT NULL,
        changed BIGINT NOT NULL,
        undone_at TIMESTAMP,
        undone_by VARCHAR
    )
    """,
    # What each changed request had before, as JSON: undoing puts back exactly that. Only what the
    # change touched is kept, and only as long as it can be undone.
    """
    CREATE TABLE bulk_before (
        change_id BIGINT NOT NULL,
        request_id BIGINT NOT NULL,
        before VARCHAR
    )
    """,
)
