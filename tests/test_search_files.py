"""Indexes in files: what is saved comes back, and nothing else does."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, _core
from synvec.errors import ChecksumError, FormatError, HeaderError, UnsupportedFormatError
from synvec.search import ApproximateIndex
from synvec.search.files import FOOTER, MAGIC
from tests.test_search import KINDS, build, store_of

pytest.importorskip("usearch", reason="pip install synvec[ann]")


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    return store_of(600, 8)


@pytest.fixture(scope="module")
def index(kv: KeyedVectors) -> ApproximateIndex:
    return build(kv)


@pytest.fixture
def path(index: ApproximateIndex, tmp_path: Path) -> Path:
    file = tmp_path / "vectors.kv.hnsw"
    index.save(file)
    return file


def rewritten(path: Path, change: Any) -> None:
    """Change the manifest and make its checksum right again."""
    data = path.read_bytes()
    size, _, magic = FOOTER.unpack(data[-FOOTER.size :])
    end = len(data) - FOOTER.size
    manifest = json.loads(data[end - size : end])
    change(manifest)
    text = json.dumps(manifest).encode()
    footer = FOOTER.pack(len(text), _core.checksum(np.frombuffer(text, np.uint8)), magic)
    path.write_bytes(data[: end - size] + text + footer)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_what_is_saved_comes_back(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    if kind == "ivfpq":
        pytest.importorskip("faiss", reason="pip install synvec[ann]")
    kv = store_of(10_500, 8)
    index = build(kv, kind, **options)
    index.effort = 40
    index.measure(100)
    kv.save(tmp_path / "vectors.kv")
    index.save(tmp_path / "index")
    opened_store = KeyedVectors.load(tmp_path / "vectors.kv")
    opened = opened_store.load_index(tmp_path / "index", workers=2)
    assert (opened.kind, opened.parameters) == (kind, index.parameters)
    assert (opened.effort, opened.recall, opened.audit) == (40, index.recall, index.audit)
    assert repr(opened) == repr(index)
    keys = [f"k{row}" for row in range(0, 10_500, 50)]
    asked = [
        store.most_similar_batch(keys, indexer=of)
        for store, of in ((kv, index), (opened_store, opened))
    ]
    assert asked[0] == asked[1]
    opened.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "index").read_bytes()


def test_the_library_opens_the_file_too(path: Path, kv: KeyedVectors) -> None:
    usearch = pytest.importorskip("usearch.index")
    bare = usearch.Index.restore(str(path))
    assert len(bare) == build(kv).audit.audited


def test_an_index_of_other_vectors_is_refused(path: Path, kv: KeyedVectors) -> None:
    changed = KeyedVectors.from_arrays(kv.index_to_key, kv.vectors.copy())
    changed["k7"] = -changed["k7"]
    with pytest.raises(
        ChecksumError, match="of other vectors, or of these before they were changed"
    ):
        changed.load_index(path)
    with pytest.raises(
        HeaderError, match="an index of 600 × 8 numbers, the vectors are 1,500 × 16"
    ):
        store_of().load_index(path)


def test_keys_may_be_others(path: Path, kv: KeyedVectors) -> None:
    renamed = KeyedVectors.from_arrays([f"other{row}" for row in range(600)], kv.vectors)
    assert renamed.most_similar("other7", topn=1, indexer=renamed.load_index(path))[0][
        0
    ].startswith("other")


def test_any_prefix_is_an_error(path: Path, kv: KeyedVectors) -> None:
    data = path.read_bytes()
    lengths = [*range(0, 200, 20), *range(200, len(data), 1999), *range(len(data) - 40, len(data))]
    for length in lengths:
        path.write_bytes(data[:length])
        with pytest.raises(FormatError):
            kv.load_index(path)


def test_any_flipped_bit_is_an_error(path: Path, kv: KeyedVectors) -> None:
    data = path.read_bytes()
    draw = random.Random(4)
    at = [draw.randrange(len(data)) for _ in range(300)]
    at += [*range(0, 80, 5), *range(len(data) - 600, len(data), 3)]
    for place in at:
        damaged = bytearray(data)
        damaged[place] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(FormatError):
            kv.load_index(path)


def test_other_files_are_no_index(tmp_path: Path, kv: KeyedVectors) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(HeaderError, match="file is empty"):
        kv.load_index(tmp_path / "empty")
    kv.save(tmp_path / "vectors.kv")
    with pytest.raises(HeaderError, match="is no index of synvec's"):
        kv.load_index(tmp_path / "vectors.kv")
    (tmp_path / "magic").write_bytes(FOOTER.pack(1 << 40, 0, MAGIC))
    with pytest.raises(HeaderError, match="its manifest has 1,099,511,627,776 bytes"):
        kv.load_index(tmp_path / "magic")
    with pytest.raises(FileNotFoundError):
        kv.load_index(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        kv.load_index(tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda it: it.update(version=2), UnsupportedFormatError, "version 2, expected 1"),
        (lambda it: it.update(kind="tree"), UnsupportedFormatError, "of kind 'tree'"),
        (lambda it: it.update(format="x"), HeaderError, "not one of a synvec index"),
        (lambda it: it.pop("sections"), HeaderError, "lacks something"),
        (lambda it: it.pop("audit"), HeaderError, "lacks something"),
        (lambda it: it.update(audit=[]), HeaderError, "lacks something"),
        (lambda it: it["sections"].pop(0), HeaderError, "belong to nothing"),
        (lambda it: it["sections"][0].update(bytes=1 << 60), FormatError, "the manifest begins at"),
        (lambda it: it["sections"][0].update(bytes=-5), FormatError, "the manifest begins at"),
        (lambda it: it["audit"].update(audited=5), HeaderError, "its manifest says 5"),
        (lambda it: it["parameters"].update(more=5), HeaderError, "lacks something"),
        (lambda it: it["parameters"].update(connectivity="x"), HeaderError, "holds what it should"),
        (lambda it: it.update(rows="many"), HeaderError, "holds what it should"),
        (lambda it: it["library"].clear(), None, ""),
    ],
)
def test_a_manifest_that_makes_no_sense(
    path: Path, kv: KeyedVectors, change: Any, error: Any, match: str
) -> None:
    rewritten(path, change)
    if error is None:
        kv.load_index(path)
        return
    with pytest.raises(error, match=match):
        kv.load_index(path)


def test_a_library_that_does_not_know_the_bytes(path: Path, kv: KeyedVectors) -> None:
    data = path.read_bytes()
    size, _, _ = FOOTER.unpack(data[-FOOTER.size :])
    end = len(data) - FOOTER.size - size
    pairs = json.loads(data[end : -FOOTER.size])["sections"][1]["bytes"]
    other = b"not usearch" + data[11 : end - pairs]
    path.write_bytes(other + data[end - pairs :])
    rewritten(
        path,
        lambda it: it["sections"][0].update(
            xxh3_64=f"{_core.checksum(np.frombuffer(other, np.uint8)):016x}"
        ),
    )
    with pytest.raises(UnsupportedFormatError, match=r"was made by usearch \d.*doesn't open it"):
        kv.load_index(path)


def test_saving_leaves_the_old_file_where_it_fails(
    path: Path, index: ApproximateIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(index.engine), "write", fail)
    with pytest.raises(OSError, match="No space left"):
        index.save(path)
    assert path.read_bytes() == old
    assert list(path.parent.iterdir()) == [path]


def test_places_that_will_not_do(index: ApproximateIndex, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such folder; make it first"):
        index.save(tmp_path / "missing" / "x.hnsw")
    with pytest.raises(ValueError, match="would be compressed"):
        index.save(tmp_path / "x.hnsw.gz")
    with pytest.raises(IsADirectoryError):
        index.save(tmp_path)


def test_a_saved_index_may_replace_the_one_in_use(
    path: Path, kv: KeyedVectors, index: ApproximateIndex
) -> None:
    opened = kv.load_index(path)
    expected = kv.most_similar("k7", indexer=opened)
    opened.save(path)
    assert kv.most_similar("k7", indexer=opened) == expected
    assert kv.most_similar("k7", indexer=kv.load_index(path)) == expected


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "synvec", *map(str, arguments)], capture_output=True, text=True
    )


def test_the_commands(kv: KeyedVectors, tmp_path: Path) -> None:
    file = tmp_path / "vectors.kv"
    kv.save(file)
    made = command("index", file, "--sample", "100", "--workers", "1", "--dtype", "float16")
    assert made.returncode == 0
    assert f"600 words indexed in {file}.hnsw; recall@10" in made.stderr
    asked = command("similar", file, "k7", "-n", "3", "--index", f"{file}.hnsw")
    assert asked.stdout == command("similar", file, "k7", "-n", "3").stdout
    sums = command("analogy", file, "k7", "k8", "k9", "-n", "1", "--index", f"{file}.hnsw")
    assert sums.returncode == 0 and len(sums.stdout.splitlines()) == 1

    kv_changed = KeyedVectors.load(file)
    kv_changed["k3"] = kv_changed["k4"]
    kv_changed.save(file)
    stale = command("similar", file, "k7", "--index", f"{file}.hnsw")
    assert stale.returncode == 1 and "before they were changed" in stale.stderr
    few = command("index", file, "--kind", "ivfpq")
    assert few.returncode == 1 and "needs at least 9,984" in few.stderr
    mixed = command("index", file, "--lists", "3")
    assert mixed.returncode == 1 and "an hnsw index takes no such options: lists" in mixed.stderr
    itself = command("index", file, "-o", file)
    assert itself.returncode == 2 and "is also the input" in itself.stderr


def test_a_checksum_is_that_of_xxhash() -> None:
    xxhash = pytest.importorskip("xxhash")
    for size in (0, 1, 1000, 20 << 20):
        data = np.arange(size, dtype=np.uint32).astype(np.uint8)
        assert _core.checksum(data) == xxhash.xxh3_64_intdigest(data.tobytes())
