"""The explorer's page in a real browser: odd models, hostile words, servers that go away."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from synvec import KeyedVectors
from synvec.explorer import ExploredModel, Explorer
from tests.browser import Visit, served
from tests.exploring import (
    click_on,
    heading,
    listed,
    neighbors,
    random_vectors,
    until,
    wait_for_word,
)

pytestmark = pytest.mark.slow


# --- odd models ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "size", "said"),
    [
        (0, 8, "No words yet"),
        (1, 8, "Click a word"),
        (40, 2, "Click a word"),
        (40, 1, "Click a word"),
    ],
)
def test_small_models(visit: Visit, count: int, size: int, said: str) -> None:
    page = visit.show(random_vectors([f"w{i}" for i in range(count)], size))
    assert heading(page) == said
    if count:
        click_on(page, "w0")
        wait_for_word(page, "w0")
        assert len(listed(page)) == min(count - 1, 20)


def test_nothing_fails_on_an_empty_model(visit: Visit) -> None:
    page = visit.show(random_vectors([]))
    for key in ("v", "c", "c", "0", "+", "t", "2", "3", "4", "l", "Escape", "Escape"):
        page.keyboard.press(key)
    page.get_by_role("combobox", name="Find a word").fill("king")
    page.keyboard.press("Enter")
    page.locator(".note", has_text="No word “king” here").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    wait_for_word(page, "No words yet")


def test_integers_as_keys(visit: Visit) -> None:
    rows = random_vectors([f"w{i}" for i in range(40)]).vectors
    vectors = KeyedVectors.from_arrays(list(range(1000, 1040)), rows)
    page = visit.show(vectors)
    page.get_by_role("combobox", name="Find a word").fill("101")
    page.get_by_role("option", name="1017").click()
    wait_for_word(page, "1017")
    assert listed(page) == [str(key) for key in neighbors(vectors, 1017)]
    page.evaluate("location.hash = 'tab=sum&plus=1001&plus=1003&minus=1002'")
    page.locator(".steps .last .reached").wait_for()
    assert listed(page) == [str(key) for key in neighbors(vectors, [1001, 1003], [1002], topn=12)]
    page.keyboard.press("v")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = csv.DictReader(io.StringIO(Path(download.value.path()).read_text()))
    assert {row["word"] for row in rows} <= {str(key) for key in vectors.index_to_key}


def test_words_are_text_whatever_they_hold(visit: Visit) -> None:
    markup = "<img src=x onerror=window.hacked=1>"
    keys = [
        *(markup, "</script><script>window.hacked=1</script>", "=cmd|' /C calc'!A0", 'a,b"c\nd'),
        *("مرحبا", "שלום", "e\u0301\u0302\u0323", "नमस्ते", "👩\u200d👩\u200d👧", "\u202eevil"),
        *("x" * 5000, "日本語" * 1000),
    ]
    page = visit.show(random_vectors(keys))
    for key in keys:
        page.evaluate("key => { location.hash = new URLSearchParams({word: key}) }", key)
        until(
            page,
            "key => document.querySelector('[role=status]').textContent.startsWith(key)",
            key[:60],
        )
    assert markup not in page.locator("body").inner_html()
    assert page.evaluate("window.hacked") is None
    page.keyboard.press("v")
    page.locator(".words").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(
        csv.DictReader(io.StringIO(Path(download.value.path()).read_bytes().decode(), newline=""))
    )
    assert {row["word"] for row in rows} >= set(keys[:8])


def test_a_hundred_thousand_points_move(visit: Visit) -> None:
    page = visit.show(random_vectors([f"w{i}" for i in range(120_000)], 4))
    assert page.evaluate("synvec.count()") == 100_000
    assert "120,000 words, the first 100,000 drawn" in page.locator(".about").inner_text()
    page.mouse.move(400, 400)
    page.mouse.wheel(0, -600)
    page.mouse.down()
    page.mouse.move(500, 450, steps=5)
    page.mouse.up()
    until(page, "synvec.zoom() > 2")
    # A word beyond the map is found by its beginning, and says that it isn't there.
    page.get_by_role("combobox", name="Find a word").fill("w1190")
    page.get_by_role("option", name="w11900", exact=True).wait_for()
    page.get_by_role("combobox", name="Find a word").fill("w119000")
    page.keyboard.press("Enter")
    wait_for_word(page, "w119000")
    assert "Not on the map" in page.locator(".body").inner_text()


# --- servers that go away -------------------------------------------------------------------------


def test_a_server_that_goes_away_and_comes_back(visit: Visit) -> None:
    vectors = random_vectors([f"w{i}" for i in range(40)])
    model = ExploredModel("numbered", vectors)
    page, port = left_alone(visit, model)
    page.evaluate("location.hash = 'word=w7'")
    page.locator(".banner", has_text="does not answer").wait_for()
    visit.serve(model, port=port)
    wait_for_word(page, "w7")
    page.locator(".banner").wait_for(state="hidden")
    assert listed(page) == neighbors(vectors, "w7")


def test_another_model_behind_the_same_address_is_shown(visit: Visit) -> None:
    page, port = left_alone(visit, ExploredModel("words", random_vectors(["tea", "milk", "cup"])))
    page.evaluate("location.hash = 'word=tea'")
    page.locator(".banner", has_text="does not answer").wait_for()
    other = random_vectors([f"w{i}" for i in range(50)])
    visit.serve(ExploredModel("others", other), port=port)
    page.locator(".about", has_text="others 50 words").wait_for()
    page.locator(".note", has_text="No word “tea” here").wait_for()


def left_alone(visit: Visit, model: ExploredModel) -> tuple[Any, int]:
    """Open a page whose server stops then; return it and the server's port."""
    with served(Explorer([model])) as server:
        # The browser itself reports each question that is lost.
        return visit.open(server.url, allow_errors=True), server.server_address[1]
