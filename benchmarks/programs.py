"""The programs that can be compared, and how one run of one is started."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
"""Where ``python -m benchmarks.…`` finds this package."""


@dataclass(frozen=True)
class Program:
    """A module to run, in whose environment, and what only it is told."""

    module: str
    is_peer: bool
    options: dict[str, Any] = field(default_factory=dict)


PROGRAMS = {
    "synvec": Program("benchmarks.run_synvec", is_peer=False),
    "synvec-pairs": Program(
        "benchmarks.run_synvec", is_peer=False, options={"shared_negatives": False}
    ),
    "synvec-deterministic": Program(
        "benchmarks.run_synvec", is_peer=False, options={"deterministic": True}
    ),
    "gensim-file": Program("benchmarks.run_gensim", is_peer=True, options={"input": "file"}),
    "gensim-sentences": Program(
        "benchmarks.run_gensim", is_peer=True, options={"input": "sentences"}
    ),
    "fasttext": Program("benchmarks.run_fasttext", is_peer=True, options={"ngrams": False}),
    "fasttext-ngrams": Program("benchmarks.run_fasttext", is_peer=True, options={"ngrams": True}),
}


def find_peers_python(given: str | None) -> str:
    """Return the interpreter that has the peers: as given, by environment, or ``.venv-peers``."""
    folder = "Scripts" if os.name == "nt" else "bin"
    default = ROOT / ".venv-peers" / folder / "python"
    python = given or os.environ.get("SYNVEC_PEERS_PYTHON") or str(default)
    if not Path(python).exists():
        raise SystemExit(
            f"the peers' interpreter {python} does not exist: run `make bench`, or install "
            "benchmarks/requirements-peers.txt somewhere and pass --peers-python"
        )
    return python


def run(
    program: Program, settings: Settings, peers_python: str | None, *, reuse: bool = False
) -> dict[str, Any]:
    """Run a program in a process of its own; return what it measured and its whole wall time.

    With ``reuse`` a result that stands there already is returned instead.
    """
    result_path = Path(settings.result)
    if reuse and result_path.exists():
        earlier: dict[str, Any] = json.loads(result_path.read_text(encoding="utf-8"))
        return {**earlier, "is_reused": True}
    python = peers_python if program.is_peer and peers_python else sys.executable
    path = result_path.with_suffix(".settings.json")
    settings.write(path)
    started = time.perf_counter()
    finished = subprocess.run(
        [python, "-m", program.module, str(path)], cwd=ROOT, stdout=sys.stderr, check=False
    )
    wall = time.perf_counter() - started
    if finished.returncode != 0:
        raise SystemExit(
            f"{program.module} ended with {finished.returncode}; its own message stands above"
        )
    result: dict[str, Any] = json.loads(result_path.read_text(encoding="utf-8"))
    # What was done a second time only to be measured is not the program's fault.
    result["process_wall_seconds"] = wall - result.get("repeated_wall_seconds", 0.0)
    result_path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result
