"""A panic of the core, which is a defect of ours, is a `RuntimeError` and leaves all in order.

Nothing that a user can reach panics on purpose: this needs a core that was built for it, with
``cargo build --features faults``; `SYNVEC_FAULTY_CORE` names the library.
"""

import gc
import importlib.machinery
import importlib.util
import os
import sys
import threading
import weakref
from types import ModuleType
from typing import Any

import pytest

from synvec import _core as shipped

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


@faulty
def test_what_a_callback_raises_wins(core: Any) -> None:
    def stop(report: dict[str, Any]) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        core.panic_in("job", stop)
