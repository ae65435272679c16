"""Jobs outlive the server: what was asked, how far it came, and who was at it."""

STATEMENTS = (
    # `area`: the list that a job is on, "datasets" or "logs"; `kind`: what it does there.
    # `subject`: the dataset, or the bulk change that is undone. `spec`: JSON of what was asked, so
    # that it can go on. `through` and `planned`: rows or requests; `planned` is NULL before it is
    # known. `state`: waiting, running, done, failed, stopped, lost. `outcome`: JSON; until the end
    # what has become of those that are through. `error`: a sentence, "" where only the server's
    # log has it. `worker` and `heartbeat_at`: which process runs it, and when that was last alive.
    # `stop_asked`: another process looks at it with its heartbeat.
    """
    CREATE TABLE jobs (
        id BIGINT NOT NULL,
        area VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        subject BIGINT,
        title VARCHAR NOT NULL,
        actor VARCHAR NOT NULL,
        spec VARCHAR NOT NULL,
        through BIGINT NOT NULL,
        planned BIGINT,
        state VARCHAR NOT NULL,
        outcome VARCHAR,
        error VARCHAR,
        worker INTEGER,
        heartbeat_at TIMESTAMP,
        stop_asked BOOLEAN NOT NULL,
        created_at TIMESTAMP NOT NULL,
        started_at TIMESTAMP,
        ended_at TIMESTAMP
    )
    """,
)
