"""A panic of the core, which is a defect of ours, is a `RuntimeError` and leaves all in order.

Nothing that a user can reach panics on purpose: this needs a core that was built for it, with
``cargo build --features faults``; `SYNVEC_FAULTY_CORE` names the library.
"""

import gc
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from synvec import _core as shipped
from tests.checkpointing import environment

LIBRARY = os.environ.get("SYNVEC_FAULTY_CORE")
faulty = pytest.mark.skipif(LIBRARY is None, reason="SYNVEC_FAULTY_CORE names no faulty core")
MESSAGE = r"internal error: a test's panic \(please report this\)"


@pytest.fixture(scope="module")
def core() -> ModuleType:
    assert LIBRARY is not None
    loader = importlib.machinery.ExtensionFileLoader("faulty._core", LIBRARY)
    spec = importlib.util.spec_from_loader("faulty._core", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_what_is_shipped_has_no_faults() -> None:
    assert not hasattr(shipped, "panic_in")
    assert not hasattr(shipped, "panic_later")


@faulty
@pytest.mark.parametrize("place", ["brief", "job", "attached", "worker"])
def test_a_panic_is_a_runtime_error(core: Any, place: str) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError, match=MESSAGE) as caught:
            core.panic_in(place)
        assert type(caught.value) is RuntimeError


@faulty
def test_the_observer_is_let_go_and_the_lock_is_where_it_was(core: Any) -> None:
    class Callback:
        def __call__(self, report: dict[str, Any]) -> None:
            reports.append(report["phase"])

    reports: list[str] = []
    callback = Callback()
    gone = weakref.ref(callback)
    with pytest.raises(RuntimeError, match=MESSAGE):
        core.panic_in("job", callback)
    assert reports == ["file"]
    del callback
    gc.collect()
    assert gone() is None
    # Other threads run, and this one still holds the interpreter.
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    thread.start()
    thread.join(10)
    assert ran.is_set()
    assert sys.exc_info() == (None, None, None)


PANICS = """
import importlib.machinery, importlib.util, pathlib, sys

library, folder, text, place, options = sys.argv[1:]
loader = importlib.machinery.ExtensionFileLoader("synvec._core", library)
core = importlib.util.module_from_spec(importlib.util.spec_from_loader("synvec._core", loader))
loader.exec_module(core)
sys.modules["synvec._core"] = core

import synvec
from tests.checkpointing import SETTINGS, bits

folder = pathlib.Path(folder)
settings = {**SETTINGS, "corpus_file": text, "vector_size": 8, "epochs": 6, **eval(options)}
unbroken = bits(synvec.Word2Vec(**settings))
names = []

def progress(report):
    if report["phase"] == "train" and not names:
        names.extend(path.name for path in folder.iterdir())
        core.panic_later(place)

try:
    # One is due whenever somebody asks.
    synvec.Word2Vec(**settings | {"progress": progress}, checkpoint=folder, checkpoint_every="0s")
except RuntimeError as error:
    print(error)
assert "checkpoint-000001.json" in names, names
assert not [path for path in folder.iterdir() if path.name.endswith(".tmp")]
assert bits(synvec.resume(folder, progress=False)) == unbroken
print("the same bits")
"""


@faulty
@pytest.mark.slow
@pytest.mark.parametrize("options", ["{}", "{'workers': 3, 'deterministic': True}"])
@pytest.mark.parametrize("place", ["training", "gathering"])
def test_a_panic_around_a_checkpoint_leaves_one_to_go_on_from(
    tmp_path: Path, text: Path, place: str, options: str
) -> None:
    assert LIBRARY is not None
    (tmp_path / "c").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PANICS, LIBRARY, str(tmp_path / "c"), str(text), place, options],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.match(MESSAGE, done.stdout), done.stdout
    assert done.stdout.endswith("the same bits\n")


@faulty
def test_what_a_callback_raises_wins(core: Any) -> None:
    def stop(report: dict[str, Any]) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        core.panic_in("job", stop)
