"""Votes of the playground: which of two answers a person preferred."""

STATEMENTS = (
    # A vote among n answers is n - 1 rows with the same place (session, batch, row, repeat, turn),
    # actor and time: the preferred one against each other one. `row_number`: as in
    # playground_runs. The runs are the playground's, NULL for an answer that came from the logs;
    # the requests are those of the logs, NULL where a run could not be logged. `tie`: neither was
    # preferred, so which of the two stands as preferred says nothing. `is_blind`: the voter did not
    # see which column was whose.
    """
    CREATE TABLE playground_votes (
        id BIGINT NOT NULL,
        session_id BIGINT NOT NULL,
        batch BIGINT NOT NULL,
        row_number INTEGER NOT NULL,
        repeat INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        preferred_run VARCHAR,
        other_run VARCHAR,
        preferred_request BIGINT,
        other_request BIGINT,
        tie BOOLEAN NOT NULL,
        is_blind BOOLEAN NOT NULL,
        actor VARCHAR NOT NULL,
        voted_at TIMESTAMP NOT NULL
    )
    """,
)
