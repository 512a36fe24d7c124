"""NL208, NL211, NL214, NL224, NL231, NL235: whom a container of a Compose project reaches, and by which name."""

from pathlib import Path

import pytest

from tests.lab.compose import Lab, Record, container, up
from tests.lab.engine import Engine
from tests.lab.examples import files
from tests.lab.machine import ADDRESS

# Rule, title of an example, the service that asks, and the names that it finds, with False for those that it does not.
NAMES = [
    ("NL208", "the default network and another", "web", {"db": False}),
    ("NL208", "behind a VPN", "web", {"indexer": False, "vpn": True}),
    ("NL208", "on the host's network", "bridge", {"broker": False}),
    ("NL208", "a network for both", "web", {"db": True, "vpn": True}),
    ("NL211", "without a definition", "app", {"host.docker.internal": False}),
    ("NL214", "the database by name", "app", {"db": False}),
    ("NL214", "the project's own network", "app", {"db": True}),
    ("NL224", "the name of another project's database", "api", {"db": False, "postgres": True}),
    ("NL224", "the service's name, and an alias", "api", {"postgres": True, "cache": True}),
]
# The same for addresses and ports that are asked.
TARGETS = [
    ("NL208", "a name server on another network", "app", {("172.30.0.53", 80): False}),
    ("NL231", "by the host's address", "app", {(ADDRESS, 5432): False}),
    ("NL235", "mail from an internal network", "app", {("192.168.10.2", 80): False}),
    ("NL235", "a second network", "app", {("192.168.10.2", 80): True}),
]


@pytest.mark.parametrize(("rule", "title", "service", "names"), NAMES)
def test_names(
    version: str, lab: Lab, rule: str, title: str, service: str, names: dict[str, bool], proof: Record, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    up(lab.engine, files(rule, title), shop)
    found = {name: resolves(lab.engine, container(shop, service), name) for name in names}
    assert found == names
    told = ", ".join(f"{name} {'resolves' if known else 'does not resolve'}" for name, known in names.items())
    proof(rule=rule, engine=version, observed=f"{title}: in {service} {told}")


@pytest.mark.parametrize(("rule", "title", "service", "targets"), TARGETS)
def test_targets(
    version: str,
    lab: Lab,
    rule: str,
    title: str,
    service: str,
    targets: dict[tuple[str, int], bool],
    proof: Record,
    tmp_path: Path,
) -> None:
    shop = tmp_path / "shop"
    up(lab.engine, files(rule, title), shop)
    asker = container(shop, service)
    found = {target: lab.engine.asks(asker, *target) is not None for target in targets}
    assert found == targets
    told = ", ".join(f"{host}:{port} {'answers' if there else 'does not'}" for (host, port), there in targets.items())
    proof(rule=rule, engine=version, observed=f"{title}: asked by {service}, {told}")


def resolves(engine: Engine, asker: str, name: str) -> bool:
    """Whether the resolver of the container knows the name."""
    answer = engine.execute(asker, "/bin/nslookup", name, check=False)
    return f"Name:\t{name}" in answer or any(
        line.startswith("Address") and "127.0.0.11" not in line and ":53" not in line for line in answer.splitlines()
    )
