"""One door for every format: files by content and by name, and reads that can be stopped."""

import bz2
import errno
import gzip
import io
import lzma
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from synvec._core import KeyTable
from tests.test_formats_word2vec import BINARY, KEYS, TEXT, VECTORS


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("kind", [".kv", ".txt", ".vec", ".bin"])
def test_convert_and_load_by_content(tmp_path: Path, kind: str, ending: str) -> None:
    source = tmp_path / "source.txt"
    source.write_bytes(TEXT)
    formats.convert(source, tmp_path / f"a{kind}{ending}")
    hidden = tmp_path / "hidden"
    (tmp_path / f"a{kind}{ending}").rename(hidden)
    kv = formats.load(hidden)
    assert isinstance(kv, KeyedVectors)
    assert kv.key_table.keys() == ["ß☃", "b", "c"]
    assert kv.vectors.tobytes() == VECTORS[[1, 0, 2]].tobytes()
    with hidden.open("rb") as file:
        again = formats.load(file)
    assert isinstance(again, KeyedVectors)
    assert again.vectors.tobytes() == kv.vectors.tobytes()
    unpack = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(ending)
    if unpack and kind == ".txt":
        with unpack(hidden) as plain:
            assert plain.read() == TEXT


def test_convert_by_format_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    formats.convert(io.BytesIO(BINARY), out, format="glove")
    assert out.getvalue() == TEXT.split(b"\n", 1)[1]
    out = io.BytesIO()
    formats.convert(
        io.BytesIO(BINARY), out, format="word2vec-binary", write_options={"style": "word2vec.c"}
    )
    assert out.getvalue().count(b"\n") == 4
    with pytest.raises(ValueError, match="pass format="):
        formats.convert(io.BytesIO(TEXT), io.BytesIO())
    with pytest.raises(ValueError, match=r"expected one of \.kv, \.safetensors, \.txt"):
        formats.convert(io.BytesIO(TEXT), tmp_path / "a.other")
    with pytest.raises(ValueError, match="expected one of native"):
        formats.convert(io.BytesIO(TEXT), out, format="other")  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("data", [TEXT, BINARY])
def test_a_pipe_is_read_once(tmp_path: Path, data: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    kv = formats.load(pipe)
    writer.join()
    assert len(kv.wv if isinstance(kv, synvec.Word2Vec) else kv) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left on device") as caught:
        formats.save_word2vec("/dev/full", KeyTable(KEYS), VECTORS)
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="No space left on device"):
        formats.save_native("/dev/full", KeyTable(KEYS), VECTORS)


def test_options_that_go_nowhere_are_refused(tmp_path: Path) -> None:
    formats.convert(io.BytesIO(TEXT), tmp_path / "a.kv")
    with pytest.raises(TypeError, match="limit"):
        formats.load(tmp_path / "a.kv", limit=1)
    with pytest.raises(ValueError, match="cannot be mapped"):
        formats.load(io.BytesIO(TEXT), mmap="r")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_text_and_binary_are_told_apart(size: int) -> None:
    random = np.random.default_rng(size)
    for scale in (1e-3, 1, 30):
        vectors = random.normal(0, scale, (5, size)).astype(np.float32)
        for binary, name in ((False, "word2vec-text"), (True, "word2vec-binary")):
            out = io.BytesIO()
            keys = KeyTable(["the", "of", "and", "to", "in"])
            formats.save_word2vec(out, keys, vectors, binary=binary)
            assert formats.sniff(io.BytesIO(out.getvalue())) == name


def test_large_input_crosses_every_buffer(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(0, 1, (3000, 200)).astype(np.float32)
    keys = KeyTable([f"{'x' * (i % 50)}{i}" for i in range(3000)])
    for binary in (False, True):
        path = tmp_path / f"{binary}.gz"
        formats.save_word2vec(path, keys, vectors, binary=binary)
        kv = formats.load_word2vec(path, binary=binary)
        assert kv.key_table == keys
        assert kv.vectors.tobytes() == vectors.tobytes()
    wide = random.normal(0, 1, (2, 300_000)).astype(np.float32)
    for binary in (False, True):
        formats.save_word2vec(tmp_path / "wide", KeyTable(["a", "b"]), wide, binary=binary)
        kv = formats.load_word2vec(tmp_path / "wide", binary=binary)
        assert kv.vectors.tobytes() == wide.tobytes()


def test_other_threads_run_while_a_file_is_read(tmp_path: Path) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            time.sleep(0.01)
            return super().read(10)

    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        assert len(formats.load_word2vec(Slow(TEXT))) == 3
    finally:
        done.set()
        thread.join()
    assert ticks > 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_ctrl_c_ends_a_long_read() -> None:
    code = (
        "import io, os, sys; from synvec import formats\n"
        "class Endless(io.RawIOBase):\n"
        "    def read(self, size=-1): return b'a 1\\n' * 1000\n"
        "print('ready', flush=True)\n"
        "try: formats.load_word2vec(Endless(), no_header=True)\n"
        "except KeyboardInterrupt: print('stopped', flush=True); os._exit(0)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        os.kill(child.pid, signal.SIGINT)
        assert child.communicate(timeout=60)[0] == b"stopped\n"
    finally:
        child.kill()
