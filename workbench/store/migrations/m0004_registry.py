"""The prompt registry. Each table says why it is shaped as it is."""

STATEMENTS = (
    # One narrow row a template. `name_key` is the name with composed letters: two spellings of one
    # name are one template. `name_folded` is for searching. A deleted template keeps its row, so
    # that requests still say where they came from and that it can come back.
    """
    CREATE TABLE templates (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        name_key VARCHAR NOT NULL,
        name_folded VARCHAR NOT NULL,
        folder_id BIGINT,
        tags VARCHAR[] NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL,
        deleted_at TIMESTAMP,
        deleted_by VARCHAR
    )
    """,
    # Never changed. `prompt` (the blueprint) and `metadata` (model settings and what else the
    # author put there) are JSON as an answer gives them, so a fetch parses and does not rebuild.
    # `kind`, provider and model stand beside them for lists; `variables` are those of all texts.
    """
    CREATE TABLE template_versions (
        id BIGINT NOT NULL,
        template_id BIGINT NOT NULL,
        number INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        prompt VARCHAR NOT NULL,
        metadata VARCHAR,
        provider_base_url VARCHAR,
        message VARCHAR,
        parent_id BIGINT,
        model_provider VARCHAR,
        model_name VARCHAR,
        variables VARCHAR[] NOT NULL,
        text_folded VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL
    )
    """,
    # Which version takes in which snippet, as written: who uses a snippet is one look-up.
    """
    CREATE TABLE template_snippets (
        version_id BIGINT NOT NULL,
        template_id BIGINT NOT NULL,
        snippet_key VARCHAR NOT NULL,
        snippet_number INTEGER,
        snippet_label VARCHAR
    )
    """,
    # Where each release label points now; where it pointed before is in the audit.
    """
    CREATE TABLE template_labels (
        id BIGINT NOT NULL,
        template_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        version_id BIGINT NOT NULL,
        number INTEGER NOT NULL,
        created_at TIMESTAMP NOT NULL,
        moved_at TIMESTAMP NOT NULL,
        moved_by VARCHAR NOT NULL
    )
    """,
    # Labels that only move with a second person's word: of one template, or (NULL) of every one.
    # Beside the labels, not in them, so that removing a label does not take its protection along.
    """
    CREATE TABLE label_protections (
        template_id BIGINT,
        name VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL
    )
    """,
    # What was asked of protected labels (to "move", "remove", "split" or "unprotect" them) and what
    # was decided. `from_number` is where the label stood: a request about another place is stale.
    # `splits` is the A/B release that was asked for, as JSON.
    """
    CREATE TABLE label_requests (
        id BIGINT NOT NULL,
        template_id BIGINT,
        name VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        from_number INTEGER,
        to_number INTEGER,
        splits VARCHAR,
        note VARCHAR,
        requested_at TIMESTAMP NOT NULL,
        requested_by VARCHAR NOT NULL,
        decision VARCHAR,
        decided_at TIMESTAMP,
        decided_by VARCHAR
    )
    """,
    # A release label that serves several versions at once. `splits` is JSON: percentages, and
    # segments by metadata with percentages of their own. `seed` makes two experiments on the same
    # people independent. One row a release; the running one has no end.
    """
    CREATE TABLE label_splits (
        id BIGINT NOT NULL,
        template_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        splits VARCHAR NOT NULL,
        sticky_key VARCHAR,
        seed BIGINT NOT NULL,
        started_at TIMESTAMP NOT NULL,
        started_by VARCHAR NOT NULL,
        ended_at TIMESTAMP,
        ended_by VARCHAR
    )
    """,
    """
    CREATE TABLE template_folders (
        id BIGINT NOT NULL,
        parent_id BIGINT,
        name VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        created_by VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL
    )
    """,
    # Named values to try a template with; `source` says where they came from ("request/42").
    """
    CREATE TABLE variable_sets (
        id BIGINT NOT NULL,
        template_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        values_json VARCHAR NOT NULL,
        source VARCHAR,
        updated_at TIMESTAMP NOT NULL,
        updated_by VARCHAR NOT NULL
    )
    """,
    # Where a provider's calls go instead of to the vendor. Addresses only: keys stay elsewhere.
    """
    CREATE TABLE provider_base_urls (
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        provider VARCHAR NOT NULL,
        url VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL,
        updated_by VARCHAR NOT NULL
    )
    """,
)
