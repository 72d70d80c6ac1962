"""Users' code under a strict type checker: the types that calls are said to have are inferred."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import synvec

SCRIPT = Path(__file__).parent / "typed" / "user_script.py"
ROOT = Path(__file__).parent.parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip


def test_a_users_script_runs() -> None:
    done = run("-W", "error", str(SCRIPT))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_users_script_is_typed() -> None:
    pytest.importorskip("mypy")
    # The types of the package that the tests run with, found as an installed one is: what a strict
    # checker would say of the package itself is not the user's.
    path = os.pathsep.join([str(Path(synvec.__file__).parent.parent), *sys.path])
    cache = ROOT / ".mypy_cache" / "users"  # not the project's: other options, another cache
    done = run(
        *("-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(SCRIPT)),
        PYTHONPATH=path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
