"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil
import warnings

import pytest

import synvec

# Packages whose import runs something, or whose examples need a terminal.
LEFT_OUT = {"synvec.__main__", "synvec.demo.__main__"}
MODULES = ["synvec"] + sorted(
    module.name
    for module in pkgutil.walk_packages(synvec.__path__, "synvec.")
    if module.name not in LEFT_OUT and not module.name.endswith("._core")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = doctest.testmod(module)
    assert result.failed == 0
