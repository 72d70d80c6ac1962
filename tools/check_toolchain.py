"""Check that this machine can build synvec; say what to install when it cannot.

Run by the Python that is to be used. Kept to the syntax of Python 3.6, so that one of them gets
the message below instead of a SyntaxError.
"""

import os
import re
import shutil
import subprocess
import sys

RUST_PAGE = "https://rustup.rs"
OLDEST_PYTHON = (3, 11)


def main():
    """Print every problem; exit 1 when there is one."""
    problems = [problem for check in (python, venv, rust, linker) for problem in check()]
    for problem in problems:
        sys.stderr.write(f"synvec setup: {problem}\n")
    return 1 if problems else 0


def python():
    """Yield what is wrong with the running Python."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield (
            "this is Python {}.{}, 3.11 or newer is needed; install one and name it, e.g. "
            "`make setup PYTHON=python3.12`".format(*sys.version_info[:2])
        )


def venv():
    """Yield what keeps `python -m venv` from working: Debian packs half of it apart."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        yield (
            "this Python cannot make virtual environments; install its venv package "
            "(Debian, Ubuntu: `apt install python3-venv`)"
        )


def rust():
    """Yield what is wrong with the Rust toolchain."""
    wanted = needed_rust()
    for tool in ("cargo", "rustc"):
        if shutil.which(tool) is None:
            yield f"{tool} is not installed; install Rust {wanted} or newer from {RUST_PAGE}"
            return
    try:
        answer = subprocess.check_output(["rustc", "--version"], universal_newlines=True)
    except (OSError, subprocess.CalledProcessError) as error:
        yield f"rustc does not run ({error}); reinstall Rust from {RUST_PAGE}"
        return
    found = re.search(r"rustc (\d+)\.(\d+)", answer)
    if found is None:
        yield f"`rustc --version` said {answer.strip()!r}; install Rust from {RUST_PAGE}"
    elif tuple(map(int, found.groups())) < tuple(map(int, wanted.split(".")[:2])):
        yield (
            f"{answer.strip()} is too old, {wanted} or newer is needed; run "
            f"`rustup update stable`, or install Rust from {RUST_PAGE}"
        )


def needed_rust():
    """Return the oldest Rust that Cargo.toml allows, e.g. "1.89"."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    with open(os.path.join(root, "Cargo.toml"), encoding="utf-8") as manifest:  # noqa: PTH118, PTH123
        return re.search(r'^rust-version = "([\d.]+)"', manifest.read(), re.MULTILINE).group(1)


def linker():
    """Yield a missing linker; on Windows rustup itself asks for Visual Studio's."""
    if os.name != "nt" and not any(map(shutil.which, ("cc", "gcc", "clang"))):
        yield (
            "no C compiler is installed, and Rust needs its linker; install one (Debian, Ubuntu: "
            "`apt install build-essential`, Fedora: `dnf install gcc`, macOS: "
            "`xcode-select --install`)"
        )


if __name__ == "__main__":
    sys.exit(main())
