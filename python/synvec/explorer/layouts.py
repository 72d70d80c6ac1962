"""Maps that take minutes: t-SNE and UMAP, in their own process, kept beside the model's file."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import subprocess
import sys
import tempfile
import threading
import weakref
import zipfile
import zlib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from synvec import _core
from synvec.arithmetic import Matrix, block_rows, divisors, row_norms
from synvec.keyed_vectors import KeyedVectors

logger = logging.getLogger(__name__)

State = Literal["missing", "absent", "running", "ready", "failed"]

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for a file that is no whole archive."""

FEWEST = 10
"""Words below which a neighbourhood says nothing."""


class Layouts:
    """The computed maps of one model.

    Parameters
    ----------
    vectors
        The model.
    drawn
        How many of its first rows are laid out.
    path
        The model's file; maps are kept beside it as ``FILE.tsne.npz`` and ``FILE.umap.npz``.
        None: not kept.
    computes
        Whether there are any.
    """

    def __init__(
        self, vectors: KeyedVectors, drawn: int, path: Path | None, *, computes: bool = True
    ) -> None:
        self._maps: dict[str, _Layout] = {}
        if computes:
            self._maps = {
                "tsne": _Layout("tsne", "t-SNE", "openTSNE", "viz", vectors, drawn, path),
                "umap": _Layout("umap", "UMAP", "umap", "umap", vectors, drawn, path),
            }

    def states(self) -> list[dict[str, Any]]:
        """Return what there is of each map; `_Layout.state` tells the words."""
        return [layout.state() for layout in self._maps.values()]

    def start(self, name: str) -> None:
        """Begin to compute a map, unless it is there or being computed.

        Raises
        ------
        KeyError
            For an unknown map.
        ImportError
            When its library is not installed.
        ValueError
            For too few words.
        """
        self._named(name).start()

    def stop(self, name: str) -> None:
        """Give a computation up; what it had is forgotten."""
        self._named(name).stop()

    def points(self, name: str) -> Matrix:
        """Return where the words lie, N × 2; while it is computed, as far as it is.

        Raises
        ------
        KeyError
            For a map that is unknown or has no points yet.
        """
        return self._named(name).points()

    def _named(self, name: str) -> _Layout:
        if name not in self._maps:
            raise KeyError(f"no map {name!r}, there are {', '.join(['pca', *self._maps])}")
        return self._maps[name]


class _Layout:
    """One map of one model, and the process that computes it."""

    def __init__(
        self,
        name: str,
        title: str,
        library: str,
        extra: str,
        vectors: KeyedVectors,
        drawn: int,
        path: Path | None,
    ) -> None:
        self.name, self.title = name, title
        self._library, self._extra = library, extra
        self._vectors, self._drawn = vectors, drawn
        self._path = None if path is None else path.with_name(f"{path.name}.{name}.npz")
        self._lock = threading.Lock()
        self._points: Matrix | None = None
        self._process: subprocess.Popen[str] | None = None
        self._running = False
        self._progress, self._version, self._message = 0.0, 0, ""
        self._looked = False

    def state(self) -> dict[str, Any]:
        """Return name, title, state, progress from 0 to 1, a message, and a version.

        The version is another one whenever `points` are.
        """
        self._look_beside_the_file()
        state: State = "absent"
        if self._running:
            state = "running"
        elif self._points is not None:
            state = "ready"
        elif self._message:
            state = "failed"
        elif find_spec(self._library) is None:
            state = "missing"
        missing = f"pip install synvec[{self._extra}]" if state == "missing" else ""
        return {
            "name": self.name,
            "title": self.title,
            "state": state,
            "progress": self._progress,
            "message": self._message or missing,
            "version": self._version,
        }

    def points(self) -> Matrix:
        self._look_beside_the_file()
        if self._points is None:
            raise KeyError(f"the map {self.name!r} is not computed yet")
        return self._points

    def start(self) -> None:
        self._look_beside_the_file()
        with self._lock:
            if self._running or self._points is not None:
                return
            if find_spec(self._library) is None:
                raise ImportError(
                    f"{self.title} needs {self._library}: pip install synvec[{self._extra}]"
                )
            if self._drawn < FEWEST:
                raise ValueError(f"{self.title} needs {FEWEST} words, there are {self._drawn}")
            self._running, self._progress, self._message = True, 0.0, ""
        threading.Thread(target=self._compute, name=f"synvec-{self.name}", daemon=True).start()

    def stop(self) -> None:
        with self._lock:
            process = self._process
        if process is not None:
            process.terminate()

    # --- the process ----------------------------------------------------------------------------

    def _compute(self) -> None:
        result: Matrix | None = None
        message = ""
        try:
            with tempfile.TemporaryDirectory(prefix="synvec-map-") as folder:
                result, message = self._run(Path(folder))
            if result is not None:
                self._keep(result)
        except (OSError, ValueError) as error:
            message = str(error)
        finally:
            with self._lock:
                self._process, self._running = None, False
                self._points, self._message = result, message
                self._version += 1

    def _run(self, folder: Path) -> tuple[Matrix | None, str]:
        """Return the finished points, or None and why not; nothing to say when it was stopped."""
        np.save(folder / "vectors.npy", _unit(self._vectors.vectors[: self._drawn]))
        command = [sys.executable, "-m", "synvec.explorer.layout_process", self.name, str(folder)]
        with (
            (folder / "errors").open("w+", encoding="utf-8") as errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            ) as process,
        ):
            # Whoever drops the model, or leaves the program, must not leave the process behind.
            ended = weakref.finalize(self, _end, process)
            with self._lock:
                self._process = process
            assert process.stdout is not None
            for line in process.stdout:
                self._take(json.loads(line), folder)
            status = process.wait()
            ended.detach()
            if status == 0:
                return _read(folder / "points.npy", self._drawn), ""
            if status < 0:
                return None, ""
            errors.seek(0)
            lines = errors.read().strip().splitlines() or [f"exit code {status}"]
            return None, lines[-1][:500]

    def _take(self, report: dict[str, Any], folder: Path) -> None:
        with self._lock:
            self._progress = float(report["progress"])
            if report["drawn"]:
                self._points = _read(folder / "points.npy", self._drawn)
                self._version += 1

    # --- the file -------------------------------------------------------------------------------

    def _look_beside_the_file(self) -> None:
        """Take the map that an earlier run kept, if it is of these vectors."""
        with self._lock:
            if self._looked:
                return
            self._looked = True
            if self._path is None or not self._path.is_file():
                return
            try:
                # NumPy leaves a damaged file open that it has opened itself.
                with self._path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                    if str(kept["of"]) == self._fingerprint():
                        self._points = _checked(kept["points"], self._drawn)
                        self._version, self._progress = 1, 1.0
                        return
            except _DAMAGED as error:
                logger.debug("%s: %s", self._path, error)
            logger.warning("%s is of other vectors, or damaged; it is computed anew", self._path)

    def _keep(self, points: Matrix) -> None:
        if self._path is None:
            return
        file = io.BytesIO()
        np.savez_compressed(file, points=points, of=np.array(self._fingerprint()))
        try:
            _core.write_blocks(self._path, [file.getvalue()])
        except OSError as error:
            logger.warning("the map is not kept beside the file: %s", error)

    def _fingerprint(self) -> str:
        """Return a digest of the rows that are laid out."""
        rows = np.ascontiguousarray(self._vectors.vectors[: self._drawn])
        digest = hashlib.blake2b(repr(rows.shape).encode(), digest_size=16)
        step = block_rows(4 * max(1, rows.shape[1]))
        for start in range(0, len(rows), step):
            digest.update(rows[start : start + step].data)
        return digest.hexdigest()


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(OSError):
        process.terminate()


def _read(path: Path, rows: int) -> Matrix:
    return _checked(np.load(path, allow_pickle=False), rows)


def _checked(points: Matrix, rows: int) -> Matrix:
    if points.shape != (rows, 2) or not np.isfinite(points).all():
        raise ValueError(f"a map of shape {points.shape}, expected ({rows}, 2) finite numbers")
    return points.astype(np.float32)


def _unit(rows: Matrix) -> Matrix:
    rows = np.ascontiguousarray(rows)
    scaled: Matrix = rows / divisors(row_norms(rows))
    return scaled
