"""Options of the tests; the lab's fixtures are in tests/lab."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-proofs", action="store_true", help="write what the lab observed to docs/proofs.json")
