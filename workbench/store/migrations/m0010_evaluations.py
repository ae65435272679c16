"""Evaluations: grids of columns over a version of a dataset, and what each cell came to."""

STATEMENTS = (
    """
    CREATE TABLE evaluations (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        description VARCHAR NOT NULL,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        updated_by VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
    # A run is a grid of its own: its columns, its version of the dataset, its cells. The newest
    # run of an evaluation is the one that is edited. `judge`, `score`: JSON (workbench/evals).
    # `state`: new, running, paused, done, cancelled. `reason`: why it is paused. `worker` and
    # `heartbeat_at`: which process runs it, and when that was last alive, so that a run whose
    # process died is taken over. `budget`: dollars; the run pauses before it is passed.
    """
    CREATE TABLE evaluation_runs (
        id BIGINT NOT NULL,
        evaluation_id BIGINT NOT NULL,
        number INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        dataset_id BIGINT,
        dataset_version INTEGER,
        judge VARCHAR,
        score VARCHAR,
        budget DECIMAL(18, 9),
        concurrency INTEGER NOT NULL,
        state VARCHAR NOT NULL,
        reason VARCHAR,
        worker INTEGER,
        heartbeat_at TIMESTAMP,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        started_at TIMESTAMP,
        ended_at TIMESTAMP
    )
    """,
    # `spec`: the configuration as ColumnType.write gives it. `used`: the version of a prompt that
    # this run fetched (prompts.Used.to_json), so that a run that goes on takes the same one.
    """
    CREATE TABLE evaluation_columns (
        id BIGINT NOT NULL,
        run_id BIGINT NOT NULL,
        position INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        type VARCHAR NOT NULL,
        spec VARCHAR NOT NULL,
        used VARCHAR,
        edited_by VARCHAR NOT NULL,
        edited_at TIMESTAMP NOT NULL
    )
    """,
    # A cell that has no row here waits. `state`: done, failed, stale, cancelled. `generation` grows
    # whenever a cell is to be run anew: model calls of an earlier one are not taken for it.
    # `kind`, `message`, `retryable`: of a failure. `detail`: cells.Detail.to_json. `author`: who
    # rated it, where a person did.
    """
    CREATE TABLE evaluation_cells (
        run_id BIGINT NOT NULL,
        dataset_row BIGINT NOT NULL,
        column_id BIGINT NOT NULL,
        state VARCHAR NOT NULL,
        value VARCHAR,
        passed BOOLEAN,
        kind VARCHAR,
        message VARCHAR,
        retryable BOOLEAN,
        attempts INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        detail VARCHAR,
        cost DECIMAL(18, 9),
        author VARCHAR,
        ended_at TIMESTAMP NOT NULL
    )
    """,
)
