"""Model calls of a run that the logs have, for cells that are not at their end.

The host logs a call before its answer is used, so what a process was about to write when it died is
here: it is handed back instead of being paid for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.ids import first_id_at
from workbench.store.connection import Connection
from workbench.store.evaluation_values import DONE
from workbench.store.metadata import VALUE
from workbench.store.rows import SUCCESS

#: The keys of a call's metadata. CELL: "row/column id/generation". CALL: which call of the cell.
#: SENT: a digest of what was sent.
RUN, CELL, CALL, SENT = "run", "cell", "call", "sent"


@dataclass(frozen=True, slots=True)
class Logged:
    """A call that went well. row, column, generation: of the cell that it was made for."""

    row: int
    column: int
    generation: int
    call: str
    sent: str
    request_id: int


def logged(connection: Connection, run_id: int, since: datetime) -> list[Logged]:
    """The calls of a run since a time (aware), for cells that have no end of that generation."""
    with connection.cursor() as cursor:
        # Asked of ids first: they rise with time, so the engine passes over whole row groups.
        rows = cursor.execute(
            "SELECT m.dataset_row, m.column_id, m.generation, m.call, m.sent, min(m.id) FROM ("
            "SELECT id, TRY_CAST(split_part(cell, '/', 1) AS BIGINT) AS dataset_row, "
            "TRY_CAST(split_part(cell, '/', 2) AS BIGINT) AS column_id, "
            "TRY_CAST(split_part(cell, '/', 3) AS INTEGER) AS generation, call, sent FROM ("
            f"SELECT r.id, json_extract_string(r.metadata, '/{CELL}') AS cell, "
            f"json_extract_string(r.metadata, '/{CALL}') AS call, "
            f"json_extract_string(r.metadata, '/{SENT}') AS sent FROM requests r WHERE r.id >= ? "
            "AND r.origin = 'evaluation' AND r.status = ? AND r.deleted_at IS NULL "
            "AND list_contains(r.metadata_index, ?))) m "
            "LEFT JOIN evaluation_cells c ON c.run_id = ? AND c.dataset_row = m.dataset_row "
            "AND c.column_id = m.column_id WHERE m.generation IS NOT NULL AND m.call IS NOT NULL "
            "AND m.sent IS NOT NULL AND "
            "(c.state IS NULL OR (c.state <> ? AND m.generation >= c.generation)) GROUP BY ALL",
            [first_id_at(since), SUCCESS, f"{RUN}{VALUE}{run_id}", run_id, DONE],
        ).fetchall()
    return [Logged(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long answers were. tokens: mean. calls: how many were looked at. of: which ("calls of
    this column")."""

    tokens: float
    calls: int
    of: str


def lengths(
    connection: Connection, evaluation_id: int, column: str, model: str, prompt: str | None
) -> Lengths | None:
    """How long the last answers were: of a column where it ran already, else of a prompt with this
    model, else of the model; None where there is none."""
    of_column = (
        "list_has_all(r.metadata_index, ?::VARCHAR[])",
        [[f"evaluation{VALUE}{evaluation_id}", f"column{VALUE}{column}"]],
        "calls of this column",
    )
    of_prompt = (
        "r.prompt_name = ? AND starts_with(r.model, ?)",
        [prompt, model],
        "calls of this prompt",
    )
    of_model = ("starts_with(r.model, ?)", [model], "calls of this model")
    with connection.cursor() as cursor:
        for where, given, of in (of_column, of_prompt, of_model):
            row = cursor.execute(
                "SELECT avg(output_tokens), count(*) FROM (SELECT r.output_tokens FROM requests r "
                "WHERE r.status = ? AND r.deleted_at IS NULL AND r.output_tokens IS NOT NULL "
                f"AND {where} ORDER BY r.id DESC LIMIT 200)",
                [SUCCESS, *given],
            ).fetchone()
            if row is not None and row[1]:
                return Lengths(float(row[0]), int(row[1]), of)
    return None
