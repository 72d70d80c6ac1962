"""What a server's settings refuse, each by its name, and that a worker gets all of them."""

import math
import os
from dataclasses import asdict
from typing import Any

import pytest

if os.name != "posix":
    pytest.skip("serve runs on POSIX systems", allow_module_level=True)

from synvec.server.settings import Settings

NUMBERS = [name for name, value in asdict(Settings()).items() if isinstance(value, int | float)]


def test_there_are_numbers() -> None:
    assert len(NUMBERS) == 12


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_out_of_its_range_is_named(name: str, value: float) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=rf"^{name} is {value}, expected a finite number of more"):
        Settings(**given)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_smallest_ones_are_taken(name: str) -> None:
    given: dict[str, Any] = {name: 0.001 if name.endswith("seconds") else 1}
    assert getattr(Settings(**given), name) == given[name]


def test_a_token_that_is_too_short_or_no_header_can_hold() -> None:
    assert Settings(token="x" * 8).token == "x" * 8
    with pytest.raises(ValueError, match="the token has 7 characters, expected at least 8"):
        Settings(token="x" * 7)
    for token in ("größer als acht", "two\nlines of it", "with a \0 in it"):
        with pytest.raises(ValueError, match="that HTTP can't carry, expected ASCII") as error:
            Settings(token=token)
        assert token not in str(error.value)


def test_a_worker_gets_what_was_set() -> None:
    given: dict[str, Any] = {name: place + 2 for place, name in enumerate(NUMBERS)}
    settings = Settings(token="x" * 8, allowed_hosts=("localhost", "a.example"), **given)
    assert Settings.from_json(settings.to_json()) == settings
    assert isinstance(Settings.from_json(settings.to_json()).allowed_hosts, tuple)
