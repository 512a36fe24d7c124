"""Property tests try new inputs at every local run, and the same ones in CI: what they find there must not depend on
luck, and stop no change that did not cause it."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-proofs", action="store_true", help="write what the lab observed to docs/proofs.json")
