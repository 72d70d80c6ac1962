"""How soon the explorer's page is usable and how smoothly it moves, in headless Chromium.

Run as ``python -m benchmarks.explorer FILE.kv``; ``make setup-browser`` installs the browser. There
is no graphics card: the page writes the points itself, all of them in each frame, and the browser
puts the window together on the processor (SwiftShader). The server and the browser share the
machine's cores.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from synvec import KeyedVectors
from synvec.explorer import page as explorer_page
from synvec.optional import imported

ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
POINTS = 100_000
MOVED_SECONDS = 4
USABLE = "performance.getEntriesByName('synvec:usable')[0]?.startTime"
CLICKED = """async key => {
    const last = name => performance.getEntriesByName(name).at(-1)?.startTime ?? -1;
    const before = last("synvec:drawn");
    const [x, y] = synvec.place(key);
    const over = document.querySelector(".over");
    const at = { clientX: x, clientY: y, pointerId: 1, button: 0, bubbles: true };
    over.setPointerCapture = () => {}; // no pointer is really down
    const begun = performance.now();
    over.dispatchEvent(new PointerEvent("pointerdown", at));
    over.dispatchEvent(new PointerEvent("pointerup", at));
    while (last("synvec:drawn") === before) await new Promise(r => setTimeout(r, 1));
    await new Promise(r => requestAnimationFrame(r));
    return performance.now() - begun;
}"""
FRAMES = """seconds => new Promise(done => {
    const begun = performance.now();
    let frames = 0;
    const over = document.querySelector(".over");
    over.setPointerCapture = () => {}; // no pointer is really down
    const drag = (kind, x, y) =>
        over.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, pointerId: 1 }));
    drag("pointerdown", 500, 400);
    const step = now => {
        frames += 1;
        const t = (now - begun) / 1000;
        const deltaY = 30 * Math.sin(3 * t);
        const at = { clientX: 500, clientY: 400, cancelable: true };
        over.dispatchEvent(new WheelEvent("wheel", { deltaY, ...at }));
        drag("pointermove", 500 + 200 * Math.sin(t), 400 + 100 * Math.sin(2 * t));
        if (t < seconds) requestAnimationFrame(step);
        else {
            drag("pointercancel", 500, 400);
            done(frames / t);
        }
    };
    requestAnimationFrame(step);
})"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="a model of some ten thousand words")
    browser_here = os.environ.get("SYNVEC_CHROMIUM", "/usr/bin/chromium")
    parser.add_argument("--chromium", default=browser_here)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    print(f"the page's own code, compressed: {code_bytes() / 1000:.1f} KB")
    sync_playwright = imported("playwright.sync_api", "dev", "the benchmark").sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=ARGUMENTS)
        measure_opening(browser, given.file, given.rounds)
        measure_moving(browser, given.rounds)
        browser.close()


def code_bytes() -> int:
    """Return the bytes of script, style and page, compressed as a server would."""
    files = ("index.html", "assets/explorer.js", "assets/explorer.css")
    return sum(len(gzip.compress(explorer_page.text(name).encode(), 9)) for name in files)


def measure_opening(browser: Any, file: Path, rounds: int) -> None:
    """From a new server and a new page to a map that can be searched; then clicks."""
    opened, usable, clicks = [], [], []
    for _ in range(rounds):
        started = time.perf_counter()
        with served(file) as url:
            opened.append(time.perf_counter() - started)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.wait_for_selector("html[data-clusters]")
            usable.append(page.evaluate(USABLE) / 1000)
            for key in frequent_words(page):
                until_still(page)
                clicks.append(page.evaluate(CLICKED, key))
                page.keyboard.press("Escape")
                page.keyboard.press("0")
            page.close()
    print(f"{file.name}: server up after {told(opened)} s; page usable after {told(usable)} s")
    print(f"click -> neighbours drawn: {told(clicks)} ms, slowest {max(clicks):.0f}")


def measure_moving(browser: Any, rounds: int) -> None:
    """Frames a second while 100,000 points are dragged about, and the wheel zooms in and out."""
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(POINTS, 20)).astype(np.float32)
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.kv"
        KeyedVectors.from_arrays([f"w{i}" for i in range(POINTS)], rows).save(str(file))
        with served(file) as url:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.wait_for_selector("html[data-clusters]")
            for _ in range(rounds):
                rates.append(page.evaluate(FRAMES, MOVED_SECONDS))
    print(f"panning and zooming over {POINTS:,} points: {told(rates)} frames a second")


@contextmanager
def served(file: Path) -> Iterator[str]:
    """Run ``synvec explore`` and give its address."""
    command = [sys.executable, "-m", "synvec", "-q", "explore", str(file), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def frequent_words(page: Any) -> list[str]:
    """Return some words that no other word covers on the map."""
    words: list[str] = page.locator(".sample").all_inner_texts()
    return [word for word in words if " " not in word][:8]


def until_still(page: Any) -> None:
    """Wait until nothing moves."""
    while not page.evaluate("synvec.isStill()"):
        page.wait_for_timeout(20)


def told(numbers: list[float]) -> str:
    """Return the median with the range."""
    low, middle, high = min(numbers), statistics.median(numbers), max(numbers)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
