"""A browser for the tests of the explorer's page, or why there is none."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from synvec.explorer import Explorer, page
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
