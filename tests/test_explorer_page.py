"""The explorer's page in a real browser, on a model that is trained here."""

from __future__ import annotations

import csv
import importlib.util
import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec
from synvec.explorer import ExploredModel, Explorer
from synvec.explorer.answers import Answer
from synvec.explorer.single_page import write_page
from tests.browser import Visit
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

TOPICS = {
    "king": "king queen prince princess throne crown castle royal",
    "tea": "tea coffee milk sugar cup kettle breakfast water",
    "cat": "cat dog horse cow sheep mouse bird goat",
    "red": "red green blue yellow white black brown violet",
}


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    draw = random.Random(3)
    words = [topic.split() for topic in TOPICS.values()]
    sentences = [draw.choices(draw.choice(words), k=8) for _ in range(1500)]
    model = Word2Vec(sentences, vector_size=16, min_count=1, epochs=3, workers=1, seed=1)
    return model.wv


@pytest.fixture
def page(visit: Visit, vectors: KeyedVectors) -> Any:
    return visit.show(vectors)


# --- words ---------------------------------------------------------------------------------------


def test_search_completes_and_shows_the_neighbors(page: Any, vectors: KeyedVectors) -> None:
    page.get_by_role("combobox", name="Find a word").fill("KIN")
    page.get_by_role("option", name="king").click()
    wait_for_word(page, "king")
    assert listed(page) == neighbors(vectors, "king")
    assert "king: 20 neighbours" in page.locator("[role=status]").inner_text()


def test_search_of_an_unknown_word_says_so_and_suggests(page: Any) -> None:
    page.get_by_role("combobox", name="Find a word").fill("kingg")
    page.keyboard.press("Enter")
    note = page.locator(".note")
    assert "No word “kingg” here" in note.inner_text()
    note.get_by_role("button", name="king", exact=True).click()
    wait_for_word(page, "king")


def test_a_click_on_the_map_asks_for_that_word(page: Any, vectors: KeyedVectors) -> None:
    click_on(page, "coffee")
    wait_for_word(page, "coffee")
    assert listed(page) == neighbors(vectors, "coffee")
    page.locator(".bars button").first.click()
    wait_for_word(page, neighbors(vectors, "coffee")[0])


def test_a_sum_of_words_is_built_and_walked(page: Any, vectors: KeyedVectors) -> None:
    page.get_by_role("tab", name="Analogy").click()
    for field, word in (("Add a word", "king"), ("Take a word away", "red"), ("Add a word", "cat")):
        page.get_by_role("combobox", name=field).fill(word)
        page.keyboard.press("Enter")
        page.locator(".chip .word", has_text=word).wait_for()
    page.locator(".steps .last .reached").wait_for()
    expected = neighbors(vectors, ["king", "cat"], ["red"], topn=12)
    assert listed(page) == expected
    assert listed(page, ".steps .last .reached") == expected[:1]
    page.get_by_role("button", name="Remove red").click()
    until(page, "document.querySelectorAll('.chip').length === 2")
    until(page, "document.querySelectorAll('.steps li').length === 2")
    assert listed(page) == neighbors(vectors, ["king", "cat"], topn=12)


def test_two_words_are_compared(page: Any, vectors: KeyedVectors) -> None:
    page.get_by_role("tab", name="Compare").click()
    click_on(page, "tea")
    page.locator(".hint", has_text="second one").wait_for()
    until(page, "document.querySelector('#pair0').value === 'tea'")
    click_on(page, "coffee")
    page.locator(".verdict").wait_for()
    cosine = float(page.locator(".verdict strong").inner_text())
    assert cosine == pytest.approx(vectors.similarity("tea", "coffee"), abs=6e-4)


# --- selections ----------------------------------------------------------------------------------


def circle(page: Any, words: list[str]) -> None:
    """Draw around some words with the mouse, Shift held."""
    until(page, "synvec.isStill()")
    places = np.array([page.evaluate(f"synvec.place('{word}')") for word in words])
    (left, top), (right, bottom) = places.min(axis=0) - 6, places.max(axis=0) + 6
    page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 2)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")


def test_the_lasso_lists_and_exports(page: Any, vectors: KeyedVectors) -> None:
    circle(page, ["king"])
    page.locator(".words").wait_for()
    chosen = listed(page, ".words")
    assert "king" in chosen and len(chosen) < len(vectors)
    for name, separator in (("CSV", ","), ("TSV", "\t")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        text = Path(download.value.path()).read_bytes().decode()
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        assert [row["word"] for row in rows] == chosen
        assert int(rows[0]["count"]) == vectors.get_vecattr(chosen[0], "count")
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


# --- the view ------------------------------------------------------------------------------------


def test_a_link_brings_the_view_back(page: Any, visit: Visit) -> None:
    page.get_by_role("combobox", name="Find a word").fill("tea")
    page.keyboard.press("Enter")
    wait_for_word(page, "tea")
    page.get_by_role("button", name="Frequency").click()
    page.get_by_role("button", name="Nearer").click()
    until(page, "synvec.isStill() && document.documentElement.dataset.link === 'kept'")
    place = page.evaluate("synvec.place('milk')")
    again = visit.open(page.url)
    wait_for_word(again, "tea")
    until(again, "synvec.isStill()")
    assert again.evaluate("synvec.place('milk')") == pytest.approx(place, abs=0.5)
    pressed = again.locator(".choice [aria-pressed=true]").all_inner_texts()
    assert pressed == ["PCA", "Frequency"]


def test_a_page_that_rests_asks_for_nothing(
    visit: Visit, vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    answer = Explorer.answer

    def noted(self: Explorer, method: str, path: str, query: str = "") -> Answer:
        asked.append(path)
        return answer(self, method, path, query)

    monkeypatch.setattr(Explorer, "answer", noted)
    page = visit.show(vectors)
    asked.clear()
    click_on(page, "tea")
    wait_for_word(page, "tea")
    until(page, "synvec.isStill() && document.documentElement.dataset.link === 'kept'")
    page.wait_for_timeout(500)  # the browser itself asks, too, once the address has changed
    assert "word=tea" in page.url
    assert asked == ["/explorer/0/word"]


def test_a_link_of_nonsense_shows_the_page(visit: Visit, page: Any) -> None:
    other = visit.open(f"{page.url.split('#')[0]}#tab=x&word=nowhere&view=a,b&list=9999.x&map=no")
    assert heading(other) == "Click a word"


def test_the_keyboard_alone_does_it(page: Any, vectors: KeyedVectors) -> None:
    press = page.keyboard.press
    press("/")
    page.keyboard.type("cof")
    page.get_by_role("option", name="coffee").wait_for()
    press("ArrowDown")
    press("Enter")
    wait_for_word(page, "coffee")
    press("2")  # the tab of sums
    page.locator("#tab-sum[aria-selected=true]").wait_for()
    press("4")
    press("v")
    page.locator(".words").wait_for()
    press("Escape")
    wait_for_word(page, "coffee")
    press("Escape")
    wait_for_word(page, "Click a word")
    until(page, "synvec.isStill()")
    near = page.evaluate("synvec.zoom()")
    press("+")
    until(page, f"synvec.zoom() > {near} * 1.5")
    press("m")
    before = page.evaluate("synvec.place('tea')")
    press("ArrowRight")
    assert page.evaluate("synvec.place('tea')")[0] == pytest.approx(before[0] - 90)
    theme = page.evaluate("document.documentElement.dataset.theme")
    press("t")
    assert page.evaluate("document.documentElement.dataset.theme") != theme
    press("?")
    page.get_by_role("dialog", name="Help").wait_for()
    press("Escape")
    # Every neighbour can be reached by Tab and opened by Enter.
    press("/")
    page.keyboard.type("tea")
    press("Enter")
    wait_for_word(page, "tea")
    page.locator(".bars button").first.focus()
    press("Tab")
    press("Enter")
    wait_for_word(page, neighbors(vectors, "tea")[1])


# What hides that the processor acts the graphics card, so that WebGL draws the points here, too.
WEBGL = """{
    const given = WebGL2RenderingContext.prototype.getExtension;
    WebGL2RenderingContext.prototype.getExtension = function (name) {
        return name === "WEBGL_debug_renderer_info" ? null : given.call(this, name);
    };
}"""


def test_graphics_card_and_processor_draw_the_same(visit: Visit) -> None:
    vectors = random_vectors([f"w{i}" for i in range(400)])
    pictures = []
    for script in (WEBGL, ""):
        page = visit.show(vectors, script=script)
        assert page.locator("canvas.points").is_visible() == bool(script)
        page.evaluate("location.hash = 'word=w7'")
        wait_for_word(page, "w7")
        until(page, "synvec.isStill()")
        pictures.append(pixels(page.screenshot()).astype(int))
    far = np.abs(pictures[0] - pictures[1]).max(axis=2)
    assert (far > 60).mean() < 0.002  # here and there the edge of a point
    x, y = map(round, page.evaluate("synvec.place('w7')"))
    assert np.abs(pictures[1][y, x] - pictures[1][755, 3]).max() > 60  # its point, and the paper


def pixels(png: bytes) -> np.ndarray:
    image = pytest.importorskip("matplotlib.image", reason="needs pip install synvec[viz]")
    return np.asarray(255 * image.imread(io.BytesIO(png)))[:, :, :3]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system(visit: Visit, page: Any, scheme: str) -> None:
    other = visit.open(page.url, color_scheme=scheme, size=(400, 760))
    assert other.evaluate("document.documentElement.dataset.theme") == scheme
    # Nothing is wider than a narrow window.
    assert other.evaluate("document.documentElement.scrollWidth") <= 400


def test_every_control_has_a_name(page: Any) -> None:
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, input, [tabindex='0'], [role=tab]")]
        .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []


@pytest.mark.skipif(
    importlib.util.find_spec("openTSNE") is None, reason="needs pip install synvec[viz]"
)
def test_tsne_is_computed_while_one_goes_on(visit: Visit) -> None:
    page = visit.show(random_vectors([f"w{i}" for i in range(200)]))
    page.set_default_timeout(200_000)
    before = page.evaluate("synvec.place('w7')")
    page.get_by_role("button", name="t-SNE").click()
    page.locator(".choice .running").wait_for()
    click_on(page, "w3")
    wait_for_word(page, "w3")
    page.locator("html[data-layout=tsne]").wait_for(state="attached")
    page.keyboard.press("0")
    assert page.evaluate("synvec.place('w7')") != pytest.approx(before, abs=2)
    assert "map=tsne" in page.url


# --- two models, and none ------------------------------------------------------------------------


def test_two_models_side_by_side(visit: Visit, vectors: KeyedVectors) -> None:
    half = KeyedVectors.from_arrays(
        [key for key in vectors.index_to_key if key != "tea"],
        np.array([vectors[key] for key in vectors.index_to_key if key != "tea"])[:, ::2],
    )
    server = visit.serve(ExploredModel("whole", vectors), ExploredModel("half", half))
    page = visit.open(server.url)
    click_on(page, "coffee", m=1)
    wait_for_word(page, "coffee")
    first, second = neighbors(vectors, "coffee"), neighbors(half, "coffee")
    assert listed(page) == first + second
    shared = page.locator(".bars .shared .word").all_inner_texts()
    assert set(shared) == set(first) & set(second)
    click_on(page, "tea", m=0)
    wait_for_word(page, "tea")
    assert "This model doesn't know the word." in page.locator(".body").inner_text()


def test_one_page_without_a_server(visit: Visit, vectors: KeyedVectors, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    written = write_page([ExploredModel("topics", vectors)], out)
    assert out.stat().st_size == written
    page = visit.open(out.as_uri())
    page.get_by_role("combobox", name="Find a word").fill("king")
    page.keyboard.press("Enter")
    wait_for_word(page, "king")
    # 8-bit numbers may order words whose cosines are equal to a hundredth the other way.
    exact = dict(vectors.most_similar("king", topn=len(vectors)))
    found = [float(text) for text in page.locator(".bars .cosine").all_inner_texts()]
    assert found == pytest.approx([exact[word] for word in listed(page)], abs=0.02)
    assert listed(page)[:5] and set(listed(page)[:4]) <= set(neighbors(vectors, "king", topn=8))
    page.evaluate("location.hash = 'tab=sum&plus=king&plus=cat&minus=red'")
    page.locator(".steps .last .reached").wait_for()
    assert listed(page, ".steps .last .reached")[0] in neighbors(
        vectors, ["king", "cat"], ["red"], topn=3
    )
