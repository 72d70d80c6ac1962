"""A browser for the tests of the explorer's page, or why there is none; and visits with it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from synvec import KeyedVectors
from synvec.explorer import ExploredModel, Explorer, page
from synvec.explorer.local_server import LocalServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Drawn by the processor: there is no graphics card where tests run. Root has no sandbox.
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def executable() -> str:
    """Return the browser's path, or skip the test."""
    if not page.is_built():
        pytest.skip(page.HOW_TO_BUILD)
    pytest.importorskip("playwright", reason="playwright is not installed: pip install playwright")
    given = os.environ.get("SYNVEC_CHROMIUM")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium found: make setup-browser, or set SYNVEC_CHROMIUM")
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """Give a headless browser."""
    path = executable()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def served(explorer: Explorer, port: int = 0) -> Iterator[LocalServer]:
    """Serve an explorer from a thread."""
    with LocalServer(explorer, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Visit:
    """The pages that a test opens and the servers that they ask."""

    browser: Any
    servers: ExitStack
    contexts: ExitStack
    errors: list[str] = field(default_factory=list)

    def serve(self, *models: ExploredModel, port: int = 0) -> LocalServer:
        """Serve models for as long as a page is open."""
        return self.servers.enter_context(served(Explorer(models), port))

    def open(
        self,
        address: str,
        *,
        size: tuple[int, int] = (1100, 760),
        allow_errors: bool = False,
        script: str = "",
        **options: Any,
    ) -> Any:
        """Open a page and wait until all of it is there."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", **options
        )
        self.contexts.callback(context.close)
        opened = context.new_page()
        opened.add_init_script(script)
        if not allow_errors:
            opened.on("console", self._hear)
        opened.on("pageerror", lambda error: self.errors.append(str(error)))
        opened.set_default_timeout(20_000)
        opened.goto(address)
        opened.wait_for_selector("html[data-clusters]")
        return opened

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.errors.append(f"{said.text} ({said.location['url']})")

    def show(self, vectors: KeyedVectors, *, points: int = 100_000, **options: Any) -> Any:
        """Serve vectors and open their page."""
        return self.open(self.serve(ExploredModel("shown", vectors, points=points)).url, **options)


@contextmanager
def visiting(browser: Any) -> Iterator[Visit]:
    """Give a visit; at its end there must have been no error on a console.

    A page may ask at any time, were it for its icon, so all pages close before any server stops.
    """
    with ExitStack() as servers, ExitStack() as contexts:
        visit = Visit(browser, servers, contexts)
        yield visit
    assert visit.errors == []
