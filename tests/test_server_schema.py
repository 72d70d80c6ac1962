"""The server keeps what its OpenAPI promises: schemathesis asks what people would not think of."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from serving import Server, serving, vectors

schemathesis = pytest.importorskip("schemathesis")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")

EXAMPLES = int(os.environ.get("SYNVEC_SCHEMA_EXAMPLES", "15"))
"""Of each operation; more by hand."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("schema")
    vectors(100, 5).save(folder / "words.kv")
    with serving(folder, folder / "words.kv") as server:
        yield server


def test_answers_are_what_the_description_says(running: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
    # What a vector's length is depends on the model, and words are known or not.
    excluded = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 16
    for operation in operations:
        for mode in schemathesis.GenerationMode:

            @given(operation.as_strategy(generation_mode=mode))
            @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
            def ask(case: Any) -> None:
                # Otherwise nearly all would end at a model that isn't there.
                if "model" in case.path_parameters and len(case.path_parameters["model"]) % 4:
                    case.path_parameters["model"] = "words"
                case.call_and_validate(excluded_checks=excluded)

            try:
                ask()
            except Unsatisfiable:
                assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing of it can be wrong
