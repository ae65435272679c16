"""How fast whole texts are searched and values are suggested on a full store.

python -m benchmarks.searching /tmp/full.duckdb            (made by benchmarks.fill)
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import count

from benchmarks.machine import describe, timed
from benchmarks.reading import row
from workbench.filters import Filter, parse_text
from workbench.settings import Settings
from workbench.store import search, text_search
from workbench.store.store import Store
from workbench.store.suggestions import suggestions

WORDS = ("parcel", '"refund return"', "n777777", "zzzqqq", "zzzqqq metadata.user_id:42")
SUGGESTED = (
    ("engine", None),
    ("tags", None),
    ("metadata_keys", None),
    ("metadata_values", "user_id"),
    ("output_keys", None),
)
_numbers = count(1)


def anew(text: str) -> Filter:
    """A filter that no search is known of yet; what it adds is true of every request."""
    return parse_text(f"{text} latency>=0.{next(_numbers):06d}ms")


def main(database: str) -> None:
    store = Store(Settings(database=database))
    connection, now = store.connection, datetime.now(UTC)
    up_to = search.newest_id(connection)
    everything = search.count(connection, Filter(), now=now)
    print(f"\n{everything:,} requests\n\n| | median | 95th percentile |\n|---|---|---|")
    for text in WORDS:

        def first_page(text: str = text) -> None:
            search.page(connection, anew(text), now=now, limit=25, up_to=up_to)

        row(f"first page, `{text}`", *timed(first_page, runs=8))
        known = anew(text)
        text_search.advance(connection, known, now=now, up_to=up_to, enough=None, seconds=60)

        def again(known: Filter = known) -> None:
            search.page(connection, known, now=now, limit=25, up_to=up_to)
            search.totals(connection, known, now=now, up_to=up_to)

        row("page and exact figures after the search", *timed(again, runs=8))
    for field, key in SUGGESTED:

        def suggest(field: str = field, key: str | None = key) -> None:
            suggestions(connection, field, Filter(), now=now, key=key)

        name = field if key is None else f"{field} of {key}"
        row(f"suggested {name}", *timed(suggest, runs=8))
    store.close()


if __name__ == "__main__":
    print(describe())
    main(sys.argv[1])
