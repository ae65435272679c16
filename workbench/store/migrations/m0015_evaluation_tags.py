"""Tags of evaluations."""

STATEMENTS = (
    # NULL: none.
    "ALTER TABLE evaluations ADD COLUMN tags VARCHAR[]",
)
