"""Long values of datasets and cells stand beside their rows."""

STATEMENTS = (
    # Values of a row that are too long to stand in it (workbench/store/long_values.py), in pieces
    # that repeat the end of the one before. `owner`: the dataset. `id`: what `texts` of
    # dataset_rows names; states of a row with equal values share one. `name`: of the column.
    # `part`: counted from 0.
    """
    CREATE TABLE dataset_texts (
        owner BIGINT NOT NULL,
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        part INTEGER NOT NULL,
        text VARCHAR NOT NULL USING COMPRESSION zstd
    )
    """,
    # The same of evaluation_cells: `owner` is the run, `name` "value" or "detail".
    """
    CREATE TABLE evaluation_texts (
        owner BIGINT NOT NULL,
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        part INTEGER NOT NULL,
        text VARCHAR NOT NULL USING COMPRESSION zstd
    )
    """,
    # `long_values`: a JSON object of such columns, {"kind": "text" or "json", "md5", "length"};
    # in `value` stands the beginning of each, as a text. NULL: there are none.
    "ALTER TABLE dataset_rows ADD COLUMN texts BIGINT",
    "ALTER TABLE dataset_rows ADD COLUMN long_values VARCHAR",
    "ALTER TABLE evaluation_cells ADD COLUMN texts BIGINT",
    "ALTER TABLE evaluation_cells ADD COLUMN long_values VARCHAR",
)
