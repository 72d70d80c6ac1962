"""Maps that are computed in the background: progress, the file beside the model, failures."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from synvec import KeyedVectors
from synvec.explorer import layout_process, layouts
from synvec.explorer.layouts import Layouts


def unless_installed(module: str, extra: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs pip install synvec[{extra}]")


METHODS = [
    pytest.param("tsne", "t-SNE", marks=unless_installed("openTSNE", "viz")),
    pytest.param("umap", "UMAP", marks=unless_installed("umap", "umap")),
]


def model(count: int = 60, seed: int = 3) -> KeyedVectors:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, 5)).astype(np.float32)
    rows[: count // 2] += 4  # two heaps
    return KeyedVectors.from_arrays([f"w{i}" for i in range(count)], rows)


def state(maps: Layouts, name: str = "tsne") -> dict[str, object]:
    return next(each for each in maps.states() if each["name"] == name)


def finish(maps: Layouts, name: str) -> list[dict[str, object]]:
    """Wait for a map; return the states that were seen on the way."""
    end = time.monotonic() + 280
    seen = [state(maps, name)]
    while seen[-1]["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.02)
        seen.append(state(maps, name))
    return seen


def keep(path: Path, vectors: KeyedVectors, points: np.ndarray) -> None:
    """Keep a map beside a file as a computation would."""
    Layouts(vectors, len(vectors), path)._named("tsne")._keep(points)


@pytest.mark.parametrize(("name", "title"), METHODS)
@pytest.mark.slow
def test_a_map_keeps_heaps_apart_tells_how_far_it_is_and_is_kept(
    tmp_path: Path, name: str, title: str
) -> None:
    vectors, path = model(), tmp_path / "model.kv"
    maps = Layouts(vectors, 60, path)
    assert state(maps, name)["state"] == "absent"
    maps.start(name)
    maps.start(name)  # a second start changes nothing
    seen = finish(maps, name)
    assert seen[-1] == {
        "name": name, "title": title, "state": "ready", "progress": 1.0, "message": "",
        "version": seen[-1]["version"],
    }  # fmt: skip
    progress = [each["progress"] for each in seen]
    assert progress == sorted(progress) and len(set(progress)) > 3
    points = maps.points(name)
    first, second = points[:30], points[30:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > max(first.std(axis=0).max(), second.std(axis=0).max())
    again = Layouts(vectors, 60, path)
    assert state(again, name)["state"] == "ready"
    np.testing.assert_array_equal(again.points(name), points)


def test_the_bar_of_umap_is_told_as_progress(capsys: pytest.CaptureFixture[str]) -> None:
    bar = layout_process._Percentages(layout_process.Report(Path()))
    for _ in tqdm(range(4), bar_format="{percentage}", file=bar, mininterval=0):
        pass
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == {"progress": 0.3, "drawn": False}
    assert told[-1] == {"progress": 1.0, "drawn": False}


def test_without_the_library_the_state_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layouts, "find_spec", lambda _: None)
    maps = Layouts(model(), 60, None)
    assert (state(maps)["state"], state(maps)["message"]) == ("missing", "pip install synvec[viz]")
    with pytest.raises(ImportError, match=r"needs openTSNE: pip install synvec\[viz\]"):
        maps.start("tsne")


def test_too_few_words_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "find_spec", lambda _: True)
    with pytest.raises(ValueError, match="needs 10 words, there are 4"):
        Layouts(model(4), 4, None).start("tsne")


def test_a_computation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "find_spec", lambda _: True)
    maps = Layouts(model(), 60, None)
    maps._named("tsne").name = "nonsense"
    maps.start("tsne")
    layout = maps._named("tsne")
    end = time.monotonic() + 100
    while layout.state()["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert layout.state()["state"] == "failed"
    assert "nonsense" in layout.state()["message"]
    with pytest.raises(KeyError, match="not computed yet"):
        layout.points()


def test_a_map_beside_the_file_is_taken_only_for_its_own_vectors(tmp_path: Path) -> None:
    path, points = tmp_path / "model.kv", np.arange(120, dtype=np.float32).reshape(60, 2)
    keep(path, model(), points)
    np.testing.assert_array_equal(Layouts(model(), 60, path).points("tsne"), points)
    for other, drawn in ((model(seed=4), 60), (model(), 50)):
        with pytest.raises(KeyError):
            Layouts(other, drawn, path).points("tsne")


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None])
def test_a_damaged_map_is_left_alone(
    tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    path, beside = tmp_path / "model.kv", tmp_path / "model.kv.tsne.npz"
    keep(path, model(), np.zeros((60, 2), dtype=np.float32))
    whole = beside.read_bytes()
    beside.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert state(Layouts(model(), 60, path))["state"] != "ready"
    assert "computed anew" in caplog.text


def test_a_map_of_nonsense_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "model.kv"
    keep(path, model(), np.full((60, 2), np.nan, dtype=np.float32))
    assert state(Layouts(model(), 60, path))["state"] != "ready"


def test_a_folder_that_takes_no_file_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path / "missing" / "model.kv", model(), np.zeros((60, 2), dtype=np.float32))
    assert "not kept beside the file" in caplog.text


def test_where_nothing_is_computed_there_are_no_maps() -> None:
    maps = Layouts(model(), 60, None, computes=False)
    assert maps.states() == []
    with pytest.raises(KeyError, match="there are pca"):
        maps.start("tsne")
