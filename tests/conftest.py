"""Property tests try new inputs at every local run, and the same ones in CI: what they find there must not depend on
luck, and stop no change that did not cause it."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lab", "real Docker engines, with -m lab")
    group.addoption("--engines", default="20.10,28.5", help="engine versions to run proofs on (default: %(default)s)")
    group.addoption(
        "--engine-tests",
        choices=("all", "only", "leave"),
        default="all",
        help="all: every test; only: those that run on each of --engines; leave: the others",
    )
    group.addoption("--part", default="1/1", help="1/2 and 2/2 are halves of the lab's files (default: all of them)")
    group.addoption("--lab-required", action="store_true", help="what the lab needs and is not there fails the run")
    group.addoption("--write-proofs", action="store_true", help="write what the lab observed to rules/proofs.json")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "long" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("long") is not None:
                item.add_marker(pytest.mark.skip(reason="takes minutes; runs with: pytest -m long"))
