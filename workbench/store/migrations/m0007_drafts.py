"""Unsaved work: what a person types into an editor outlives the page, and is no version yet."""

STATEMENTS = (
    # One row a person and thing; `subject` is "template/ID" or "template/new", `value` JSON.
    """
    CREATE TABLE drafts (
        actor VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        value VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL
    )
    """,
)
