"""The playground: sessions with what stands in them, and every run with its answer."""

STATEMENTS = (
    # `value` is the session as JSON, its long base64 taken out into playground_blobs
    # (workbench/store/blobs.py). `revision` grows with each change, so that of two who write the
    # second is told. `source_request`: the logged request that it was opened from; a purge of that
    # takes the session with it.
    """
    CREATE TABLE playground_sessions (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        value VARCHAR NOT NULL,
        revision INTEGER NOT NULL,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        updated_by VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL,
        source_request BIGINT,
        forked_from BIGINT,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
    """
    CREATE TABLE playground_blobs (
        session_id BIGINT NOT NULL,
        sha256 VARCHAR NOT NULL,
        data BLOB NOT NULL
    )
    """,
    # A run's id is the host's. `batch`: one press of Run; `row_number`: the row of the values that
    # it was run over; `repeat`: of equal runs, which; `turn`: of the conversation, from 0. `status`
    # stays "running" where the process died meanwhile. `answer`: its messages, JSON.
    """
    CREATE TABLE playground_runs (
        id VARCHAR NOT NULL,
        session_id BIGINT NOT NULL,
        column_id VARCHAR NOT NULL,
        batch BIGINT NOT NULL,
        row_number INTEGER NOT NULL,
        repeat INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        model VARCHAR NOT NULL,
        process INTEGER NOT NULL,
        actor VARCHAR NOT NULL,
        started_at TIMESTAMP NOT NULL,
        status VARCHAR NOT NULL,
        ended_at TIMESTAMP,
        answer VARCHAR,
        finish VARCHAR,
        error VARCHAR,
        ignored VARCHAR[],
        request_id BIGINT,
        latency_ms DOUBLE,
        first_token_ms DOUBLE,
        tokens_per_second DOUBLE,
        input_tokens BIGINT,
        output_tokens BIGINT,
        cost DECIMAL(18, 9)
    )
    """,
)
