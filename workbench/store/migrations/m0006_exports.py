"""Exports: the jobs and what became of them, and those that repeat."""

STATEMENTS = (
    # One row a job. `spec` is what was asked for and `manifest` what was written, both JSON; the
    # files lie in the exports folder of the process that made them, under the job's id.
    # `as_of` is the newest request of the snapshot. `target` is where the files went beside that.
    """
    CREATE TABLE exports (
        id BIGINT NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        spec VARCHAR NOT NULL,
        status VARCHAR NOT NULL,
        process INTEGER NOT NULL,
        as_of BIGINT,
        snapshot_at TIMESTAMP,
        finished_at TIMESTAMP,
        expires_at TIMESTAMP,
        rows_expected BIGINT,
        rows_written BIGINT,
        bytes BIGINT,
        manifest VARCHAR,
        error VARCHAR,
        schedule_id BIGINT
    )
    """,
    # Exports that repeat. `every` is "hour", "day" or "week"; `next_at` is when it is due.
    """
    CREATE TABLE export_schedules (
        id BIGINT NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        spec VARCHAR NOT NULL,
        every VARCHAR NOT NULL,
        next_at TIMESTAMP NOT NULL,
        last_export BIGINT,
        paused BOOLEAN NOT NULL
    )
    """,
)
