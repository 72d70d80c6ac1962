"""The package as a whole: its version, its names, and what importing it costs."""

import re
import subprocess
import sys
from pathlib import Path

import synvec

ROOT = Path(__file__).parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=120
    )


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"
    return set(run("-c", code).stdout.split())


def test_the_version_is_cargos() -> None:
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.*)"', manifest, re.MULTILINE)
    assert found is not None
    assert synvec.__version__ == found[1]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {synvec.__version__}\n" in citation


def test_the_module_runs_as_the_command() -> None:
    assert run("-m", "synvec", "--version").stdout == f"synvec, version {synvec.__version__}\n"


def test_every_public_name_is_there() -> None:
    assert len(set(synvec.__all__)) == len(synvec.__all__)
    for name in synvec.__all__:
        assert getattr(synvec, name) is not None


def test_names_that_are_imported_later_are_there_at_once() -> None:
    for name in ("Phrases", "TextClassifier", "load", "formats.save", "phrases.Phrases"):
        assert run("-c", f"import synvec; synvec.{name}").stdout == ""
    assert run("-c", "import synvec; print(set(synvec.__all__) <= set(dir(synvec)))").stdout == (
        "True\n"
    )
    assert run("-c", "import synvec; print(hasattr(synvec, 'nothing'))").stdout == "False\n"
    later = {"synvec.formats", "synvec.phrases", "synvec.classifier", "synvec.fasttext"}
    assert not later & modules_after("import synvec")


def test_importing_brings_in_numpy_and_nothing_else() -> None:
    packages = {name.partition(".")[0] for name in modules_after("import synvec")}
    # What the interpreter itself loads at its start, an editable install's finder for one.
    packages -= {name.partition(".")[0] for name in modules_after("pass")}
    assert packages - sys.stdlib_module_names == {"numpy", "synvec"}


def test_what_few_programs_use_is_imported_when_they_do() -> None:
    assert not {"synvec.evaluation.report", "pathlib"} & modules_after("import synvec") - (
        modules_after("import numpy")
    )
    found = modules_after("from synvec.evaluation import Report, PairSet, load_datasets")
    assert "synvec.evaluation.report" in found


def test_the_command_line_stays_light() -> None:
    heavy = {"pandas", "scipy", "sklearn", "torch", "matplotlib", "IPython", "safetensors"}
    assert not heavy & modules_after("import synvec.cli.app")
