"""The walk of one packet through a host answers as the kernel does: firewalls, routes and packets by chance.

`python -m tests.lab.differential` does the same at any length.
"""

from collections.abc import Iterator

import pytest

from tests.lab.bridged import Bridged, bridged_round, bridged_router
from tests.lab.differential import Router, random_round, router


@pytest.fixture(scope="module")
def one() -> Iterator[Router]:
    with router() as made:
        yield made


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("seed", range(12))
def test_random_firewalls(one: Router, seed: int, family: int) -> None:
    first, back, text = random_round(one, seed, family)
    assert not first.wrong, text
    assert not back.wrong, text
    assert first.compared > 200


@pytest.fixture(scope="module")
def bridged() -> Iterator[Bridged]:
    with bridged_router() as made:
        yield made


@pytest.mark.parametrize("seed", range(8))
def test_along_a_bridge(bridged: Bridged, seed: int) -> None:
    found, text = bridged_round(bridged, seed)
    assert not found.wrong, text
    assert found.compared > 150
