"""A/B releases: shares that add up, segments, and the same version for the same person."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.conftest import WHO, Publish
from workbench.jsontext import FieldError
from workbench.registry import ab, labels
from workbench.registry.ab import Release, Segment, Share
from workbench.registry.fetching import Ask, fetch
from workbench.store.errors import NotFound
from workbench.store.store import Store


def shares(*percents: float | str) -> tuple[Share, ...]:
    return tuple(Share(number, Decimal(str(each))) for number, each in enumerate(percents, 1))


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (Release("prod", shares(50, 49)), "shares: the percentages sum to 99, not to 100"),
        (Release("prod", shares("33.333", "33.333", "33.333")), "sum to 99.999"),
        (Release("prod", ()), "from 1 to 20 versions are needed"),
        (Release("prod", shares(-1, 101)), "each percentage is from 0 to 100"),
        (Release("prod", shares("0.0001", "99.9999")), "at most three decimals"),
        (
            Release("prod", (Share(1, Decimal(50)), Share(1, Decimal(50)))),
            "a version stands there twice",
        ),
        (
            Release("prod", shares(100), (Segment("x", {}, shares(100)),)),
            "segments[0].when: a metadata key with at least one value is needed",
        ),
        (
            Release("prod", shares(100), (Segment("x", {"a": ("b",)}, shares(10)),)),
            "segments[0].shares: the percentages sum to 10, not to 100",
        ),
    ],
)
def test_a_release_that_does_not_add_up_is_refused(
    store: Store, publish_: Publish, release: Release, said: str
) -> None:
    publish_()
    with pytest.raises(FieldError) as caught:
        ab.start(store, WHO, "greeting", release)
    assert said in str(caught.value)


def test_versions_of_a_release_must_be_there(store: Store, publish_: Publish) -> None:
    publish_()
    with pytest.raises(NotFound, match="has no version 2"):
        ab.start(store, WHO, "greeting", Release("prod", shares(50, 50)))


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=5).filter(lambda each: sum(each) == 100)
    | st.integers(0, 100).map(lambda each: [each, 100 - each]),
    st.integers(0, 2**52),
    st.text(max_size=10),
)
def test_a_sticky_value_gets_one_version_for_ever_and_never_one_without_a_share(
    percents: list[int], seed: int, value: str
) -> None:
    release = Release("prod", shares(*percents), sticky_key="user", id=1, seed=seed)
    served = {ab.choose(release, {"user": value}).number for _ in range(3)}
    assert len(served) == 1
    assert percents[served.pop() - 1] > 0


def test_shares_are_kept_over_many_people() -> None:
    release = Release("prod", shares(10, 60, 30), sticky_key="user", seed=7)
    counts = Counter(ab.choose(release, {"user": f"u{n}"}).number for n in range(20_000))
    assert all(
        abs(counts[number] / 200 - percent) < 1.5 for number, percent in ((1, 10), (2, 60), (3, 30))
    )


def test_without_a_sticky_value_chance_decides() -> None:
    release = Release("prod", shares(50, 50), sticky_key="user")
    served = [ab.choose(release, None) for _ in range(200)]
    assert {one.number for one in served} == {1, 2}
    assert not any(one.sticky for one in served)


def test_two_releases_on_the_same_people_are_independent() -> None:
    first = Release("prod", shares(50, 50), sticky_key="user", seed=1)
    second = Release("prod", shares(50, 50), sticky_key="user", seed=2)
    same = sum(
        ab.choose(first, {"user": str(n)}).number == ab.choose(second, {"user": str(n)}).number
        for n in range(4000)
    )
    assert 1800 < same < 2200


def test_the_first_segment_that_fits_decides() -> None:
    release = Release(
        "prod",
        shares(100),
        (
            Segment(
                "beta of the EU",
                {"plan": ("beta",), "region": ("eu", "ch")},
                (Share(2, Decimal(100)),),
            ),
            Segment("beta", {"plan": ("beta",)}, (Share(3, Decimal(100)),)),
        ),
    )

    def number(**metadata: object) -> tuple[int, str | None]:
        served = ab.choose(release, metadata)
        return served.number, served.segment

    assert number(plan="beta", region="ch") == (2, "beta of the EU")
    assert number(plan="beta", region="us") == (3, "beta")
    assert number(plan="free") == (1, None)
    assert number() == (1, None)


def test_values_that_are_no_text_are_compared_as_json_writes_them() -> None:
    release = Release(
        "prod",
        shares(100),
        (Segment("x", {"n": ("1",), "t": ("true",)}, (Share(2, Decimal(100)),)),),
    )
    assert ab.choose(release, {"n": 1, "t": True}).number == 2


def test_what_was_served_is_in_the_answer_and_outlives_a_restart(
    store: Store, publish_: Publish
) -> None:
    publish_()
    publish_()
    made = ab.start(store, WHO, "greeting", Release("beta", shares(50, 50), sticky_key="user"))
    assert isinstance(made, Release)
    answers = {
        user: fetch(store, "greeting", Ask(label="beta", metadata={"user": user}))
        for user in map(str, range(30))
    }
    assert {found.version.number for found in answers.values()} == {1, 2}
    for user, found in answers.items():
        assert found.served is not None
        assert found.served.number == found.version.number
        assert (found.served.release_id, found.served.sticky) == (made.id, True)
        [kept] = ab.releases(store.connection, "greeting")
        assert ab.choose(kept, {"user": user}).number == found.version.number


def test_a_label_serves_its_own_version_again_once_a_release_ends(
    store: Store, publish_: Publish
) -> None:
    publish_(labels=["prod"])
    publish_()
    ab.start(store, WHO, "greeting", Release("prod", (Share(2, Decimal(100)),)))
    assert fetch(store, "greeting", Ask(label="prod")).version.number == 2
    ab.start(store, WHO, "greeting", Release("prod", (Share(1, Decimal(100)),)))
    assert [one.is_running for one in ab.releases(store.connection, "greeting")] == [True, False]
    labels.move_label(store, WHO, "greeting", "prod", 2)
    assert fetch(store, "greeting", Ask(label="prod")).version.number == 1
    ab.end(store, WHO, "greeting", "prod")
    assert fetch(store, "greeting", Ask(label="prod")).version.number == 2
    with pytest.raises(NotFound, match="No A/B release runs"):
        ab.end(store, WHO, "greeting", "prod")


def test_a_label_that_is_new_points_at_the_version_with_the_largest_share(
    store: Store, publish_: Publish
) -> None:
    publish_()
    publish_()
    ab.start(store, WHO, "greeting", Release("beta", shares(30, 70)))
    assert [one.number for one in labels.labels(store.connection, "greeting")] == [2]


def test_a_share_that_grows_takes_nobody_away_who_had_it(store: Store, publish_: Publish) -> None:
    publish_()
    publish_()
    people = [{"user_id": f"u{number}"} for number in range(300)]

    def served(percent: int) -> set[str]:
        shares = (Share(2, Decimal(percent)), Share(1, Decimal(100 - percent)))
        started = ab.start(store, WHO, "greeting", Release("prod", shares, sticky_key="user_id"))
        assert isinstance(started, Release)
        return {one["user_id"] for one in people if ab.choose(started, one).number == 2}

    ten, forty = served(10), served(40)
    assert 0 < len(ten) < len(forty)
    assert ten < forty
