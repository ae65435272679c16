"""Datasets: named, with a draft and immutable numbered versions, and rows that outlive them."""

STATEMENTS = (
    # `next_row`: the number that the next new row gets; rows are numbered within their dataset.
    """
    CREATE TABLE datasets (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        description VARCHAR NOT NULL,
        next_row BIGINT NOT NULL,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        updated_by VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
    # Numbers go from 1; the draft is the one without `published_at`, one at most, and the highest.
    # `columns`: a JSON list of {"name", "type", "role"}. `source`: where the rows came from, JSON.
    # `row_count`: of a published version, which does not change any more.
    """
    CREATE TABLE dataset_versions (
        id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        number INTEGER NOT NULL,
        columns VARCHAR NOT NULL,
        note VARCHAR NOT NULL,
        source VARCHAR,
        row_count BIGINT,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        published_at TIMESTAMP
    )
    """,
    # A row's state from version `since` up to, but without, version `until`: a version costs what
    # was changed in it, and a million rows are never copied. `value`: an object of column: value,
    # JSON, its long base64 taken out into dataset_blobs (workbench/store/blobs.py). `digest`: MD5
    # of the values as they came, for finding duplicates. `source_request`: the log that the row
    # came from; a purge of that takes the row with it.
    """
    CREATE TABLE dataset_rows (
        dataset_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        value VARCHAR NOT NULL USING COMPRESSION zstd,
        split VARCHAR,
        tags VARCHAR[] NOT NULL,
        source_request BIGINT,
        digest UUID NOT NULL
    )
    """,
    """
    CREATE TABLE dataset_blobs (
        dataset_id BIGINT NOT NULL,
        sha256 VARCHAR NOT NULL,
        data BLOB NOT NULL
    )
    """,
    # What other systems call a dataset or an evaluation. `kind`: "dataset" or "evaluation".
    """
    CREATE TABLE external_ids (
        id BIGINT NOT NULL,
        kind VARCHAR NOT NULL,
        object_id BIGINT NOT NULL,
        source VARCHAR NOT NULL,
        external_id VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL
    )
    """,
)
