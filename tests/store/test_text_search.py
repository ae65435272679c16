"""A text search goes newest first, tells how far it came, and finds what a plain query finds."""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import Condition, Filter, Group, parse_text
from workbench.logs import bulk
from workbench.store import search, text_scan, text_search
from workbench.store.filter_sql import compile_filter
from workbench.store.store import Store
from workbench.store.text_scan import Pace, Reach

WORDS = ("parcel", "refund", "Straße", "посылка")
# Slices of two, three, six … requests; no store of a test is scattered.
SMALL = Pace(first=2, second=3, growth=2, by_id=2, scattered=1e9)
numbers = itertools.count()


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_scan, "PACE", SMALL)


def add(store: Store, minutes: int, text: str = "", **fields: Any) -> int:
    started = NOON + timedelta(minutes=minutes)
    row = some_request(started_at=started, ended_at=started, input_text=text, **fields)
    return store.add(row).result().id


def reaches(store: Store, filter_: Filter, **more: Any) -> list[Reach]:
    more = {"now": NOON, "up_to": None, "seconds": 60, **more}
    return list(text_search.slices(store.connection, filter_, **more))


def found(store: Store, filter_: Filter, *, so_far: bool = False, now: Any = NOON) -> list[int]:
    """Ids that the search has, newest first."""
    part = text_search.found_in(store.connection, filter_, now, None, so_far=so_far)
    assert part is not None
    with store.connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT r.id FROM requests r WHERE r.deleted_at IS NULL AND {part.sql} "
            "ORDER BY r.started_at DESC, r.id DESC",
            list(part.params),
        ).fetchall()
    return [row[0] for row in rows]


def plainly(store: Store, filter_: Filter) -> list[int]:
    """The same by one query over everything."""
    compiled = compile_filter(filter_, NOON)
    with store.connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT r.id FROM requests r JOIN bodies b ON b.request_id = r.id "
            f"WHERE r.deleted_at IS NULL AND ({compiled.sql}) "
            "ORDER BY r.started_at DESC, r.id DESC",
            compiled.params,
        ).fetchall()
    return [row[0] for row in rows]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(WORDS), st.sampled_from("ab")), max_size=14
    ),
    word=st.sampled_from([*WORDS, "nowhere", "STRASSE"]),
    shape=st.integers(0, 3),
)
def test_it_finds_what_one_query_over_everything_finds(
    store: Store, rows: list[tuple[int, str, str]], word: str, shape: int
) -> None:
    # Rows of earlier examples stay: a model of its own keeps each example apart.
    model = f"m{next(numbers)}"
    for minutes, text, tag in rows:
        add(store, minutes, f"{text} {model}", model=model, tags=(tag,))
    own = Condition("engine", "is", model)
    filter_ = (
        Filter(Group((own,)), word),
        Filter(Group((own, Condition("tags", "contains", "a"))), word),
        Filter(
            Group(
                (
                    own,
                    Group(
                        (Condition("tags", "contains", "a"), Condition("text", "contains", word)),
                        "OR",
                    ),
                )
            )
        ),
        Filter(text=f"{word} {model}"),
    )[shape]
    told = reaches(store, filter_)
    assert told[-1].is_complete
    assert found(store, filter_) == plainly(store, filter_)
    assert told[-1].found == len(plainly(store, filter_))
    assert told[-1].looked_at == told[-1].of
    for before, after in itertools.pairwise(told):
        assert after.looked_at >= before.looked_at
        if before.back_to and after.back_to:
            assert after.back_to < before.back_to


def test_what_was_looked_through_is_everything_from_a_moment_on(store: Store) -> None:
    ids = [add(store, minutes, "parcel") for minutes in range(12)]
    filter_ = Filter(text="parcel")
    told = []
    for reach in text_search.slices(store.connection, filter_, now=NOON, up_to=None, seconds=60):
        told.append(reach)
        if reach.back_to is not None:
            newest = [i for m, i in enumerate(ids) if NOON + timedelta(minutes=m) >= reach.back_to]
            assert found(store, filter_, so_far=True) == newest[::-1]
    assert (told[0].looked_at, told[0].of, told[0].found) == (0, 12, 0)
    assert (told[1].looked_at, told[1].found) == (2, 2)
    assert told[-1] == Reach(12, 12, 12, None, True)


def test_it_stops_when_enough_is_found_and_goes_on_where_it_stopped(store: Store) -> None:
    for minutes in range(20):
        add(store, minutes, "parcel" if minutes % 2 else "refund")
    filter_ = Filter(text="parcel")
    here: dict[str, Any] = {"now": NOON, "up_to": None, "seconds": 60}
    first = text_search.advance(store.connection, filter_, enough=1, **here)
    again = text_search.advance(store.connection, filter_, enough=1, **here)
    assert first is not None
    assert first == again
    assert not first.is_complete
    assert first.looked_at < 20
    older = text_search.advance(
        store.connection,
        filter_,
        enough=2,
        place=(NOON.replace(tzinfo=None) + timedelta(minutes=8), 2**62),
        **here,
    )
    assert older is not None
    assert older.looked_at > first.looked_at
    assert len([1 for id_ in found(store, filter_, so_far=True)]) == older.found
    last = text_search.advance(store.connection, filter_, enough=None, **here)
    assert last is not None
    assert (last.is_complete, last.found) == (True, 10)


def test_it_stops_when_its_time_is_over_and_says_how_far_it_came(store: Store) -> None:
    for minutes in range(10):
        add(store, minutes, "parcel")
    filter_ = Filter(text="nowhere")
    (reach,) = reaches(store, filter_, seconds=-1)
    assert (reach.looked_at, reach.of, reach.is_complete) == (0, 10, False)
    assert text_search.found_in(store.connection, filter_, NOON, None) is None
    assert reaches(store, filter_)[-1].is_complete
    assert found(store, filter_) == []


def test_only_candidates_of_the_other_conditions_are_looked_through(store: Store) -> None:
    for minutes in range(10):
        add(store, minutes, "parcel", tags=("rare",) if minutes == 3 else ())
    (*_, last) = reaches(store, parse_text("tag:rare parcel"))
    assert (last.looked_at, last.of, last.found) == (1, 1, 1)


def test_a_store_in_no_order_is_read_at_once_after_the_first_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_scan, "PACE", Pace(first=2, second=3, by_id=2, scattered=0))
    for minutes in (5, 1, 4, 2, 3, 0, 9, 7):
        add(store, minutes, "parcel")
    told = reaches(store, Filter(text="parcel"))
    assert [reach.looked_at for reach in told] == [0, 2, 8]


def test_requests_of_one_moment_are_one_slice(store: Store) -> None:
    ids = [add(store, 0, "parcel") for _ in range(9)]
    told = reaches(store, Filter(text="parcel"))
    assert told[-1].is_complete
    assert found(store, Filter(text="parcel")) == ids[::-1]


def test_what_arrives_later_is_found_too(store: Store) -> None:
    first = add(store, 5, "parcel")
    filter_ = Filter(text="parcel")
    reaches(store, filter_)
    later, older = add(store, 9, "parcel"), add(store, -9, "a parcel")
    add(store, 10, "refund")
    assert found(store, filter_) == [later, first, older]


def test_an_unfinished_search_finds_what_arrives_later_too(store: Store) -> None:
    for minute in range(8):
        add(store, minute, "parcel")
    filter_ = Filter(text="parcel")
    assert reaches(store, filter_, enough=3, seconds=0)[-1].is_complete is False
    first = search.page(store.connection, filter_, now=NOON, limit=2)
    assert first.reach is not None
    assert not first.reach.is_complete
    newest = add(store, 9, "parcel")
    among_read, not_read_yet = add(store, 6, "parcel"), add(store, 1, "parcel")
    again = search.page(store.connection, filter_, now=NOON, limit=2)
    assert [row.id for row in again.rows] == plainly(store, filter_)[:2]
    assert again.rows[0].id == newest
    # What is older than the search has come waits for its turn: nothing between is passed over.
    told = reaches(store, filter_)
    listed = [row.id for row in search.page(store.connection, filter_, now=NOON, limit=20).rows]
    assert {among_read, not_read_yet} <= set(listed)
    assert listed == plainly(store, filter_)
    assert told[-1].found == len(listed)
    assert told[-1].looked_at == told[-1].of == len(listed)


def test_after_very_many_arrivals_an_unfinished_search_begins_with_the_newest(store: Store) -> None:
    for minute in range(8):
        add(store, minute, "parcel")
    filter_ = Filter(text="parcel")
    search.page(store.connection, filter_, now=NOON, limit=1)
    for minute in range(8, 30):
        add(store, minute, "parcel")
    page = search.page(store.connection, filter_, now=NOON, limit=2)
    assert [row.id for row in page.rows] == plainly(store, filter_)[:2]
    assert page.reach is not None
    assert page.reach.looked_at < 22


def test_a_deleted_request_is_no_longer_found(store: Store) -> None:
    kept, gone = add(store, 1, "parcel"), add(store, 2, "parcel")
    filter_ = Filter(text="parcel")
    reaches(store, filter_)
    store.change(lambda cursor: store.annotations.delete(cursor, "x", gone)).result()
    assert found(store, filter_) == [kept]


def test_what_was_deleted_before_a_search_is_found_once_that_is_undone(store: Store) -> None:
    kept, gone = add(store, 1, "parcel"), add(store, 2, "parcel")
    made = bulk.run(store, "x", bulk.Selection(ids=frozenset([gone])), bulk.Deleting())
    filter_ = Filter(text="parcel")
    assert reaches(store, filter_)[-1].found == 1
    assert found(store, filter_) == [kept]
    bulk.undo(store, "x", made.id)
    assert reaches(store, filter_)[-1].found == 2
    assert found(store, filter_) == [gone, kept]


def test_deleted_requests_do_not_fill_a_page(store: Store) -> None:
    ids = [add(store, minutes, "parcel") for minutes in range(9)]
    filter_ = Filter(text="parcel")
    reaches(store, filter_, enough=2)
    newest = bulk.Selection(ids=frozenset(ids[-4:]))
    bulk.run(store, "x", newest, bulk.Deleting())
    page = search.page(store.connection, filter_, now=NOON, limit=3)
    assert [row.id for row in page.rows] == ids[4:1:-1]


def test_a_star_is_seen_by_a_search_for_stars(store: Store) -> None:
    id_ = add(store, 1, "parcel")
    filter_ = parse_text("is:starred parcel")
    for starred in (True, False, True):
        reaches(store, filter_)
        change = partial(store.stars.put, actor="x", request_id=id_, starred=starred)
        store.change(change).result()
        page = search.page(store.connection, filter_, now=NOON, limit=3)
        assert [row.id for row in page.rows] == ([id_] if starred else [])
        assert search.ids(store.connection, filter_, now=NOON) == ([id_] if starred else [])


def test_a_change_of_what_the_filter_asks_for_begins_it_anew(store: Store) -> None:
    id_ = add(store, 1, "parcel")
    filter_ = parse_text("tag:vip parcel")
    assert reaches(store, filter_)[-1].found == 0
    store.change(lambda c: store.annotations.set_tags(c, "x", id_, ["vip"])).result()
    assert text_search.found_in(store.connection, filter_, NOON, None) is None
    assert reaches(store, filter_)[-1].found == 1
    assert found(store, filter_) == [id_]


def test_a_change_of_tags_leaves_a_search_of_texts_alone_as_it_is(store: Store) -> None:
    if store.connection.is_ducklake:
        pytest.skip("another process may have changed anything there")
    id_ = add(store, 1, "parcel")
    filter_ = Filter(text="parcel")
    reaches(store, filter_)
    store.change(lambda c: store.annotations.set_tags(c, "x", id_, ["vip"])).result()
    assert found(store, filter_) == [id_]


def test_relative_times_move_on_with_the_clock(store: Store) -> None:
    old, new = add(store, -50, "parcel"), add(store, -10, "parcel")
    filter_ = parse_text("last:1h parcel")
    reaches(store, filter_)
    assert found(store, filter_) == [new, old]
    assert found(store, filter_, now=NOON + timedelta(minutes=30)) == [new]


def test_few_searches_are_kept_and_the_others_begin_anew(store: Store) -> None:
    add(store, 1, "parcel")
    filters = [Filter(text=f"parcel{number}") for number in range(text_search.KEPT + 2)]
    for filter_ in filters:
        reaches(store, filter_)
    known = [
        text_search.found_in(store.connection, each, NOON, None) is not None for each in filters
    ]
    assert known == [False] * 2 + [True] * text_search.KEPT


def test_a_filter_that_reads_no_texts_is_none_of_its_business(store: Store) -> None:
    add(store, 1, "parcel")
    filter_ = parse_text("tag:a")
    assert not text_search.reads_texts(filter_, NOON)
    assert reaches(store, filter_) == []
    assert text_search.found_in(store.connection, filter_, NOON, None) is None
    assert text_search.reads_texts(parse_text("-output.status:ok"), NOON)
    assert search.count(store.connection, filter_, now=NOON) == 0


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=16),
    limit=st.integers(1, 4),
)
def test_pages_of_a_search_reach_every_row_once_in_both_directions(
    store: Store, rows: list[tuple[int, bool]], limit: int
) -> None:
    word = f"w{next(numbers)}x"
    for minutes, matches in rows:
        add(store, minutes, word if matches else "other")
    filter_ = Filter(text=word)
    wanted = plainly(store, filter_)
    met: list[int] = []
    places: list[search.Position] = []
    at: search.Position | None = None
    for _ in range(60):
        page = search.page(
            store.connection,
            filter_,
            now=NOON,
            limit=limit,
            position=at,
            direction="older" if at else "from",
        )
        met += [row.id for row in page.rows]
        places += page.positions
        if not page.has_older:
            break
        at = page.positions[-1] if page.positions else at
    assert met == wanted
    for place, id_ in zip(places, wanted, strict=True):
        before, after = search.neighbours(store.connection, filter_, place, now=NOON)
        here = wanted.index(id_)
        assert before == (wanted[here - 1] if here else None)
        assert after == (wanted[here + 1] if here + 1 < len(wanted) else None)


def test_a_page_tells_how_far_the_search_came(store: Store) -> None:
    for minutes in range(20):
        add(store, minutes, "parcel")
    page = search.page(store.connection, Filter(text="parcel"), now=NOON, limit=2)
    assert page.reach is not None
    assert page.reach.looked_at < page.reach.of == 20
    assert page.has_older
    everything = search.page(store.connection, Filter(), now=NOON, limit=2)
    assert everything.reach is None


def test_another_order_needs_the_whole(store: Store) -> None:
    ids = [add(store, minutes, "parcel", cost=minutes % 5) for minutes in range(12)]
    sort = search.Sort("cost", descending=True)
    page = search.page(store.connection, Filter(text="parcel"), now=NOON, limit=2, sort=sort)
    assert [row.id for row in page.rows] == [ids[9], ids[4]]
    assert page.reach is not None
    assert page.reach.is_complete


def test_figures_are_exact_before_during_and_after_a_search(store: Store) -> None:
    for minutes in range(12):
        add(store, minutes, "parcel" if minutes % 3 else "refund")
    filter_ = Filter(text="parcel")
    for seconds in (None, -1, 60):
        if seconds is not None:
            reaches(store, filter_, seconds=seconds)
        assert search.count(store.connection, filter_, now=NOON) == 8
        assert search.totals(store.connection, filter_, now=NOON).requests == 8
        assert len(search.numbered_page(store.connection, filter_, now=NOON, number=1, size=9)) == 8


def test_pages_of_one_moment_are_turned_to_the_end(store: Store) -> None:
    ids = [add(store, 1, "parcel") for _ in range(7)]
    older = [add(store, 0, "parcel" if number == 5 else "refund") for number in range(9)]
    filter_, met = Filter(text="parcel"), []
    page = search.page(store.connection, filter_, now=NOON, limit=2)
    for _ in range(9):
        met += [row.id for row in page.rows]
        if not page.has_older:
            break
        at = page.positions[-1]
        page = search.page(
            store.connection, filter_, now=NOON, limit=2, position=at, direction="older"
        )
    assert met == [*ids[::-1], older[5]]
