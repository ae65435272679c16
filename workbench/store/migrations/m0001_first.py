"""The first tables. Each says why it is shaped as it is."""

STATEMENTS = (
    # One narrow row a request: all that lists, filters and sums read. Tags, metadata and the
    # tombstone are changed here, which rewrites some hundred bytes and never a body.
    # Times are UTC without a zone. `time_assumed`: the caller sent no zone, a setting gave it.
    # `metadata` is JSON; `metadata_index` lists what can be asked of it (store/metadata.py), since
    # looking into a VARIANT took a second at a million requests and into this list a tenth.
    # `client_record` and `body_hash` are digests that make a repeated call the same record.
    """
    CREATE TABLE requests (
        id BIGINT NOT NULL,
        started_at TIMESTAMP NOT NULL,
        ended_at TIMESTAMP NOT NULL,
        received_at TIMESTAMP NOT NULL,
        time_assumed BOOLEAN NOT NULL,
        latency_ms DOUBLE,
        source VARCHAR NOT NULL,
        origin VARCHAR NOT NULL,
        actor VARCHAR NOT NULL,
        provider VARCHAR,
        model VARCHAR,
        function_name VARCHAR,
        api_type VARCHAR,
        status VARCHAR NOT NULL,
        error_type VARCHAR,
        error_message VARCHAR,
        finish_reason VARCHAR,
        input_tokens BIGINT,
        output_tokens BIGINT,
        cached_tokens BIGINT,
        cache_write_tokens BIGINT,
        reasoning_tokens BIGINT,
        cost DECIMAL(18, 9),
        cost_source VARCHAR,
        cost_formula VARCHAR,
        tags VARCHAR[],
        metadata VARCHAR,
        metadata_index VARCHAR[],
        prompt_name VARCHAR,
        prompt_id BIGINT,
        prompt_version INTEGER,
        prompt_label VARCHAR,
        group_id BIGINT,
        span_id VARCHAR,
        trace_id VARCHAR,
        is_json BOOLEAN,
        is_tool_call BOOLEAN,
        is_plain_text BOOLEAN,
        tool_names VARCHAR[],
        image_count INTEGER,
        input_preview VARCHAR,
        output_preview VARCHAR,
        normaliser VARCHAR,
        client_record UUID,
        body_hash UUID,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
    # What is large and never changes. `raw` is the call as it came, with long base64 runs replaced
    # by a reference into `blobs`; `prompt`, `output`, `parameters` and `input_variables` are JSON.
    # The folded texts are the same without their case: a search in any script is then a plain
    # substring search. `started_at` stands here too, so that a text search can take the newest
    # slice first. The compression is named because trying all of them made up most of a
    # checkpoint's time (a search goes through dict_fsst twice as fast as through zstd); DuckLake
    # has its own, and the clause is left out there.
    """
    CREATE TABLE bodies (
        request_id BIGINT NOT NULL,
        started_at TIMESTAMP NOT NULL,
        input_text VARCHAR USING COMPRESSION zstd,
        output_text VARCHAR USING COMPRESSION zstd,
        input_folded VARCHAR USING COMPRESSION dict_fsst,
        output_folded VARCHAR USING COMPRESSION dict_fsst,
        prompt VARCHAR USING COMPRESSION zstd,
        output VARCHAR USING COMPRESSION zstd,
        parameters VARCHAR USING COMPRESSION zstd,
        input_variables VARCHAR USING COMPRESSION zstd,
        raw VARCHAR USING COMPRESSION zstd
    )
    """,
    # Images and other base64, once each, so that the one file holds everything.
    """
    CREATE TABLE blobs (
        sha256 VARCHAR NOT NULL,
        size BIGINT NOT NULL,
        data BLOB NOT NULL USING COMPRESSION uncompressed,
        created_at TIMESTAMP NOT NULL
    )
    """,
    # Which request uses which blob: a purge removes what nothing uses any more.
    "CREATE TABLE request_blobs (request_id BIGINT NOT NULL, sha256 VARCHAR NOT NULL)",
    # Scores come later than the request, several a request, from people and programs.
    """
    CREATE TABLE scores (
        request_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        value DOUBLE NOT NULL,
        actor VARCHAR NOT NULL,
        scored_at TIMESTAMP NOT NULL
    )
    """,
    """
    CREATE TABLE groups (
        id BIGINT NOT NULL,
        created_at TIMESTAMP NOT NULL,
        actor VARCHAR NOT NULL
    )
    """,
    # Tags are few and predefined; one that is logged without being listed is kept and flagged.
    """
    CREATE TABLE tags (
        name VARCHAR NOT NULL,
        colour VARCHAR NOT NULL,
        description VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL
    )
    """,
    # Keys are random and long, so a plain digest is enough to keep them safe at rest.
    """
    CREATE TABLE api_keys (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        digest VARCHAR NOT NULL,
        hint VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL,
        revoked_at TIMESTAMP,
        revoked_by VARCHAR
    )
    """,
    # Choices of the workspace that a page changes (JSON values), one row a name.
    "CREATE TABLE preferences (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
    # Append only: who changed what, when.
    """
    CREATE TABLE audit (
        id BIGINT NOT NULL,
        happened_at TIMESTAMP NOT NULL,
        actor VARCHAR NOT NULL,
        action VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        detail VARCHAR NOT NULL
    )
    """,
    # Uniqueness without constraints: whoever decides about a name first counts up the row that the
    # name hashes to, so that two deciders on DuckLake conflict and one of them tries again.
    "CREATE TABLE guards (bucket INTEGER NOT NULL, turn BIGINT NOT NULL)",
    "INSERT INTO guards SELECT i, 0 FROM range(64) AS t(i)",
)
