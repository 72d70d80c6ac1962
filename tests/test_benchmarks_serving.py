"""The benchmarks of a server, in small."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks import serving, soak

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="Linux's /proc"
)


@pytest.fixture(autouse=True)
def found_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    # The load comes from ``python -m benchmarks.load``.
    root = str(Path(serving.__file__).parent.parent)
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def test_the_soak_in_seconds(tmp_path: Path) -> None:
    arguments = [
        "--minutes",
        "0.05",
        "--windows",
        "3",
        "--rows",
        "2000",
        "--dim",
        "20",
        "--rate",
        "20",
    ]
    with pytest.raises(SystemExit):
        soak.main([*arguments, "--data", str(tmp_path), "--output", str(tmp_path / "soak.json")])
    report = json.loads((tmp_path / "soak.json").read_text())
    assert len(report["windows"]) == 3
    assert all(set(window["statuses"]) <= {"200", "503"} for window in report["windows"])
    assert not any("cut" in wrong or "died" in wrong for wrong in report["wrong"])


def window(**changes: Any) -> dict[str, Any]:
    usual = {"own_bytes": 50e6, "files": 12, "statuses": {"200": 9}, "restarts": 0, "p99_ms": 3.0}
    return usual | changes


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        ({}, None),
        ({"own_bytes": 90e6}, "memory grew by 40.0 MB"),
        ({"files": 40}, "28 more files are open"),
        ({"statuses": {"200": 9, "0": 2}}, "4 answers were cut"),
        ({"statuses": {"503": 9}}, "nothing was answered in 2 of 5 windows"),
        ({"statuses": {"200": 9, "500": 1}}, "there were answers 500"),
        ({"restarts": 1.0}, "1 workers died"),
        ({"p99_ms": 30.0}, "the p99 went from 3.0 to 30.0 ms"),
    ],
)
def test_the_verdict(last: dict[str, Any], wrong: str | None) -> None:
    windows = [
        window(own_bytes=1e6, files=3, p99_ms=90.0),
        window(),
        window(),
        *[window() | last] * 2,
    ]
    assert soak.verdict(windows) == ([] if wrong is None else [wrong])


def test_a_burst_is_no_leak() -> None:
    windows = [window(), window(), window(own_bytes=90e6, files=70), window()]
    assert soak.verdict([*windows, window(own_bytes=95e6)]) == []


def test_load_and_start_in_small(tmp_path: Path) -> None:
    arguments = [
        "--rows",
        "2000",
        "--dim",
        "20",
        "--start-rows",
        "2000",
        "--seconds",
        "0.5",
        "--overload-seconds",
        "1",
        "--queries",
        "4",
    ]
    report = tmp_path / "report.json"
    serving.main([*arguments, "--data", str(tmp_path), "--output", str(report)])
    found = json.loads(report.read_text())
    assert found["start"]["median_seconds"] > 0
    assert found["load"][0]["capacity_per_second"] > 0
    assert found["load"][0]["normal"]["statuses"]["200"] > 0
    one, two = (found["sharing"][f"with_{workers}"] for workers in (1, 2))
    assert 0 < two["own_bytes_of_a_worker"] < two["proportional_bytes"] < two["resident_bytes"]
    assert one["resident_bytes"] < two["resident_bytes"]
