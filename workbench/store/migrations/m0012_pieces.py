"""Long values in pieces: an engine that reads 2,048 values at once must never meet long ones."""

STATEMENTS = (
    # What follows the first piece of a long text of `bodies` (workbench/store/pieces.py). `name`:
    # of the column there. `remaining`: how many pieces come after this one, so that the last is
    # known without looking at the others. `started_at` as in bodies: a search takes the newest
    # slice of pieces first.
    """
    CREATE TABLE body_pieces (
        request_id BIGINT NOT NULL,
        started_at TIMESTAMP NOT NULL,
        name VARCHAR NOT NULL,
        remaining INTEGER NOT NULL,
        text VARCHAR NOT NULL USING COMPRESSION zstd
    )
    """,
    # The same of folded texts, which are searched: each piece repeats the end of the one before.
    """
    CREATE TABLE folded_pieces (
        request_id BIGINT NOT NULL,
        started_at TIMESTAMP NOT NULL,
        name VARCHAR NOT NULL,
        remaining INTEGER NOT NULL,
        text VARCHAR NOT NULL USING COMPRESSION dict_fsst
    )
    """,
    # A blob has a row for each of its pieces, counted from 0; `size` of blobs stands at the first,
    # the others have 0. NULL: kept whole, by a version before this one.
    "ALTER TABLE blobs ADD COLUMN part INTEGER",
    "ALTER TABLE playground_blobs ADD COLUMN part INTEGER",
    "ALTER TABLE dataset_blobs ADD COLUMN part INTEGER",
)
