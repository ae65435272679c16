"""Endpoints that users connect: models beyond the vendors that the workbench knows."""

STATEMENTS = (
    # `key_variable` names the variable that holds the key; no key is ever in the store. `headers`
    # is a JSON object without secrets.
    """
    CREATE TABLE connections (
        name VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        base_url VARCHAR NOT NULL,
        key_variable VARCHAR NOT NULL,
        models VARCHAR[] NOT NULL,
        headers VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL
    )
    """,
)
