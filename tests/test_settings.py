"""Settings: read once, refused with a sentence, documented."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.settings import Settings, SettingsError, settings_table, variable


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORKBENCH_MAX_BODY_MB", "many", "a whole number from 1 to 1024"),
        ("WORKBENCH_MAX_BODY_MB", "0", "a whole number from 1 to 1024"),
        ("WORKBENCH_TIME_ZONE", "Mars/Olympus", "an IANA name"),
        ("WORKBENCH_TIME_ZONE", "../../etc/passwd", "an IANA name"),
        ("WORKBENCH_MEMORY_LIMIT", "lots", "a size such as"),
        ("WORKBENCH_API_KEY", "short", "at least 16 characters"),
        ("WORKBENCH_PASSWORD", "1234", "at least 8 characters"),
        ("WORKBENCH_PUBLIC_URL", "example.com", "begins with http"),
        ("WORKBENCH_PROCESS_ID", "32", "a whole number from 0 to 31"),
        ("WORKBENCH_DATABSE", "x.duckdb", "Did you mean WORKBENCH_DATABASE"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_name(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: value})
    assert name in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["WORKBENCH_API_KEY", "WORKBENCH_PASSWORD"])
def test_a_secret_is_not_repeated_in_the_complaint(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_other_variables_are_left_alone() -> None:
    assert Settings.read({"PATH": "/bin", "HOME": "/home/x"}) == Settings()


def test_every_setting_is_documented_with_its_variable() -> None:
    table = settings_table()
    for each in dataclasses.fields(Settings):
        assert f"`{variable(each.name)}`" in table


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().database = "elsewhere"  # type: ignore[misc]


@given(
    st.dictionaries(
        st.sampled_from([variable(f.name) for f in dataclasses.fields(Settings)]), st.text()
    )
)
def test_any_text_is_read_or_refused_with_a_sentence(environ: dict[str, str]) -> None:
    said = ""
    try:
        Settings.read(environ)
    except SettingsError as error:
        said = str(error)
    assert said == "" or said.endswith(".")
