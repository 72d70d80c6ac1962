"""A save that cannot be finished leaves the old file whole, nothing beside it, and an error.

The N-th write of each writer is made to fail in `src/formats/failing_saves.rs`; here it is the
system itself that refuses, and processes that die.
"""

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from synvec.formats.registry import COMPRESSED_ENDINGS, FORMATS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits and signals as POSIX has them")

FORMAT_ENDINGS = {"glove": ".glove", **{n: e.endings[0] for n, e in FORMATS.items() if e.endings}}
NAMES = [
    f"a{FORMAT_ENDINGS[name]}{packed}"
    for name in ("native", "word2vec-text", "word2vec-binary", "glove")
    for packed in ("", *COMPRESSED_ENDINGS)
]


def format_of(name: str) -> formats.Format:
    return "glove" if ".glove" in name else formats.format_of_ending(name)


def vectors(rows: int, size: int = 50) -> KeyedVectors:
    """Return numbers that no compression makes small."""
    numbers = np.random.default_rng(rows).normal(0, 1, (rows, size)).astype(np.float32)
    return KeyedVectors.from_arrays([f"word{row}" for row in range(rows)], numbers)


def save(kv: KeyedVectors, path: Path) -> None:
    formats.save(kv, path, format=format_of(path.name))


SAVE_TOO_MUCH = """
import errno, os, resource, signal, sys
from pathlib import Path
from tests.test_saves_that_fail import save, vectors
folder, limit, code = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
large = vectors(int(sys.argv[4]))
for name in sys.argv[5:]:
    path = folder / name
    old = path.read_bytes()
    try:
        save(large, path)
    except OSError as error:
        assert error.errno == code, error
        assert error.filename == str(path), error
    else:
        sys.exit(f"{name} was saved")
    assert path.read_bytes() == old, name
    assert not [left for left in os.listdir(folder) if left not in sys.argv[5:]], name
    save(vectors(20), path)  # and what fits is saved
"""
"""Saves more than a folder has room for over each of its files."""


def run(code: str, *arguments: object, before: tuple[str, ...] = ()) -> None:
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """No right is needed for this one: the system refuses past a size, in the middle of a write."""
    for name in NAMES:
        save(vectors(10), tmp_path / name)
    run(SAVE_TOO_MUCH, tmp_path, 100_000, errno.EFBIG, 3_000, *NAMES)


def can_mount() -> bool:
    command = ["unshare", "-rm", "true"]
    return (
        shutil.which("unshare") is not None and not subprocess.run(command, check=False).returncode
    )


@pytest.mark.skipif(not can_mount(), reason="needs a namespace of its own to mount in")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; from pathlib import Path\n"
        "folder = sys.argv[1]\n"
        "subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', folder], check=True)\n"
        "from tests.test_saves_that_fail import save, vectors\n"
        "for name in sys.argv[5:]: save(vectors(10), Path(folder, name))\n"
    ) + SAVE_TOO_MUCH
    fast = [name for name in NAMES if not name.endswith((".xz", ".bz2"))]
    run(code, tmp_path, 0, errno.ENOSPC, 30_000, *fast, before=("unshare", "-rm"))
    assert not list(tmp_path.iterdir())


SAVE_FOR_EVER = """
import sys
from pathlib import Path
from tests.test_saves_that_fail import save, vectors
path, kinds = Path(sys.argv[1]), [vectors(20_000), vectors(20_001)]
print("ready", flush=True)
while True:
    for kv in kinds:
        save(kv, path)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.kv", "a.txt", "a.bin", "a.bin.gz"])
def test_killed_while_saving(tmp_path: Path, name: str) -> None:
    path, root = tmp_path / name, Path(__file__).parent.parent
    save(vectors(20_000), path)
    whole = {20_000: vectors(20_000).vectors.tobytes(), 20_001: vectors(20_001).vectors.tobytes()}
    chance = random.Random(5)
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(path)],
            stdout=subprocess.PIPE,
            cwd=root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        )
        with child:
            assert child.stdout is not None and child.stdout.readline() == b"ready\n"
            for _ in range(chance.randrange(1, 4)):  # moments within a save, and between two
                time.sleep(chance.uniform(0, 0.15))
            child.kill()
        formats.verify(path)
        found = formats.vectors_of(formats.load(path))
        assert found.vectors.tobytes() == whole[len(found)]
        # Of a process that is killed a temporary file may stay, under a name that says whose it is.
        for left in set(tmp_path.iterdir()) - {path}:
            assert left.name.startswith(".synvec-")
            left.unlink()


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_links_are_followed_and_modes_kept(tmp_path: Path, name: str) -> None:
    real, link = tmp_path / "real", tmp_path / name
    (tmp_path / "elsewhere").mkdir()
    for target in (real, tmp_path / "elsewhere" / "real"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        save(vectors(3), link)  # what the link names is not there yet
        target.chmod(0o600)
        save(vectors(4), link)
        assert link.is_symlink()
        assert not target.is_symlink()
        assert target.stat().st_mode & 0o777 == 0o600
        loaded = formats.load(target, format=format_of(name))
        assert len(formats.vectors_of(loaded)) == 4
        assert sorted(left.name for left in target.parent.iterdir() if left.is_file()) == sorted(
            {"real", name} if target.parent == tmp_path and link.exists() else {"real"}
        )


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        save(vectors(3), tmp_path / "a.kv")
    finally:
        os.umask(old)
    assert (tmp_path / "a.kv").stat().st_mode & 0o777 == 0o640


def test_links_in_a_ring_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.kv").symlink_to("b.kv")
    (tmp_path / "b.kv").symlink_to("a.kv")
    with pytest.raises(OSError, match=r"a\.kv"):
        save(vectors(3), tmp_path / "a.kv")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_in_the_way_and_one_that_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        save(vectors(3), tmp_path / name)
    assert caught.value.filename == str(tmp_path / name)
    with pytest.raises(FileNotFoundError) as missing:
        save(vectors(3), tmp_path / "no" / name)
    assert missing.value.filename == str(tmp_path / "no" / name)
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tests.test_saves_that_fail import NAMES, save, vectors\n"
        "vectors(3)  # imports what it needs while it may\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"  # root may write anywhere
        "for name in NAMES:\n"
        "    path = Path(sys.argv[1], name)\n"
        "    try: save(vectors(3), path)\n"
        "    except PermissionError as error: assert error.filename == str(path), error\n"
        "    else: sys.exit(f'{path} was saved')\n"
    )
    folder = tmp_path / "closed"
    folder.mkdir()
    save(vectors(2), folder / "a.kv")
    before = (folder / "a.kv").read_bytes()
    # The way there is open, only the last folder is not.
    for parent in [tmp_path, *tmp_path.parents]:
        with contextlib.suppress(PermissionError):
            if parent.owner() == Path.home().owner() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    folder.chmod(0o555)
    try:
        run(code, folder)
    finally:
        folder.chmod(0o755)
    assert (folder / "a.kv").read_bytes() == before
    assert [left.name for left in folder.iterdir()] == ["a.kv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("format", ["native", "word2vec-text", "word2vec-binary", "glove"])
def test_a_device_that_is_full(format: formats.Format) -> None:
    with Path("/dev/full").open("wb", buffering=0) as opened:
        for target in ("/dev/full", opened):
            with pytest.raises(OSError, match="No space left on device") as caught:
                formats.save(vectors(3), target, format=format)
            assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("format", ["native", "word2vec-text", "word2vec-binary", "glove"])
def test_a_pipe_whose_reader_has_gone(tmp_path: Path, format: formats.Format) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb", buffering=0) as pipe, pytest.raises(BrokenPipeError):
        formats.save(vectors(3), pipe, format=format)


def test_the_command_line_ends_as_programs_in_a_pipe_do(tmp_path: Path) -> None:
    save(vectors(20_000), tmp_path / "a.kv")
    command = [sys.executable, "-m", "synvec", "convert", str(tmp_path / "a.kv"), "-"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()
    assert (child.returncode, said) == (128 + signal.SIGPIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_the_command_line_tells_of_a_full_disk(tmp_path: Path) -> None:
    save(vectors(3), tmp_path / "a.kv")
    command = [sys.executable, "-m", "synvec", "convert", str(tmp_path / "a.kv")]
    done = subprocess.run([*command, "/dev/full", "--to", "word2vec-text"], capture_output=True)
    assert done.returncode == 1
    assert done.stderr == b"synvec: /dev/full: No space left on device\n"


def test_a_key_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    save(vectors(3), tmp_path / "a.bin")
    before = (tmp_path / "a.bin").read_bytes()
    spaced = KeyedVectors.from_arrays(["a", "b c"], np.ones((2, 3), np.float32))
    with pytest.raises(synvec.RowError, match="holds a space"):
        save(spaced, tmp_path / "a.bin")
    late = vectors(5000)
    late.vectors[4999, 0] = np.nan
    with pytest.raises(synvec.NonFiniteError, match="word4999"):
        save(late, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["a.bin"]
