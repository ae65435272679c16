"""Saved views: a filter with its sort and columns under a name that everybody sees."""

STATEMENTS = (
    # The filter is JSON (workbench/filters/json_form.py), not the line of text: a later version of
    # the syntax must still read it. `sort` and `columns` are what stands in the link ("" for the
    # usual ones). A removed view keeps its row: removing can be undone, and its number, which links
    # carry, is never given again.
    """
    CREATE TABLE saved_views (
        id INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        filter VARCHAR NOT NULL,
        sort VARCHAR NOT NULL,
        columns VARCHAR NOT NULL,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        changed_by VARCHAR NOT NULL,
        changed_at TIMESTAMP NOT NULL,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
)
