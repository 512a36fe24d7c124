"""Rules whose time once grew with the square of the input, and must not again. tests/bench/growth.py has them all."""

from functools import partial

import pytest

from netlint.config import Config
from netlint.engine import build
from netlint.rule import load_rules, rules_folder, select
from tests.bench.growth import SITES, checked, discovery, seconds

QUADRATIC = 60  # ten times the input in a hundred times the time, less what both sizes spend in common


@pytest.mark.parametrize(
    ("slug", "case"),
    [
        ("undefined-service-name", "same port"),
        ("loopback-means-container", "services"),
        ("host-docker-internal-missing", "same port"),
        ("no-shared-network", "services"),
        ("static-address-in-dynamic-range", "projects"),
        ("undefined-network", "projects"),
        ("dnat-stale", "script"),
    ],
)
def test_time_of_a_rule(slug: str, case: str) -> None:
    make, size = SITES[case]
    (rule,) = select(load_rules([rules_folder()]), [slug])
    small, large = (build(discovery(make(count)), Config())[0] for count in (size, size * 10))
    before = max(seconds(partial(checked, rule, small, Config())), 0.0005)
    assert seconds(partial(checked, rule, large, Config())) / before < QUADRATIC
