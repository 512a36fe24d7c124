"""Different listings of one real host state the same routes and addresses."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.formats import FORMATS
from netlint.source import Source

ENGINES = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"
HOSTS = ("rich-20", "rich-28")

pytestmark = pytest.mark.skipif(not ENGINES.is_dir(), reason="the engine dumps are not beside the project")


def facts(host: str, name: str, kind: str) -> HostFacts:
    """The facts from one file alone, none of which may be unreadable."""
    source = Source(name, (ENGINES / host / name).read_text())
    tree, problems = import_module(f"netlint.parse.{FORMATS[kind].parser}").parse(source)
    assert problems == []
    found = HostFacts(host)
    module, _, function = FORMATS[kind].builder.partition(":")
    getattr(import_module(f"netlint.build.{module}"), function)([Parsed(source, kind, tree)], found)
    assert (found.unreadable, found.not_understood) == ([], [])
    return found


def routes(host: str, name: str, kind: str) -> list[str]:
    return sorted(
        f"{route.prefix} {route.via} {route.device} {route.table}"
        for route in facts(host, name, kind).routes or ()
        if route.prefix.version == 4 and route.table == "main"
    )


def addresses(host: str, name: str, kind: str) -> list[str]:
    return sorted(
        f"{interface.name} {one.address} {one.prefix}"
        for interface in facts(host, name, kind).interfaces or ()
        for one in interface.addresses
        if one.address.version == 4
    )


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("route-n.txt", "route-n"),
        ("netstat-rn.txt", "route-n"),
        ("ip-j-route.json", "ip-route-json"),
        ("ip-route-table-all.txt", "ip-route"),
    ],
)
def test_routes(host: str, name: str, kind: str) -> None:
    wanted = routes(host, "ip-route.txt", "ip-route")
    assert len(wanted) > 10
    assert routes(host, name, kind) == wanted


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ip-br-addr.txt", "ip-addr-brief"),
        ("ifconfig-a.txt", "ifconfig"),
        ("ip-j-addr.json", "ip-addr-json"),
    ],
)
def test_addresses(host: str, name: str, kind: str) -> None:
    wanted = addresses(host, "ip-addr.txt", "ip-addr")
    assert len(wanted) > 10
    assert addresses(host, name, kind) == wanted


@pytest.mark.parametrize("host", HOSTS)
def test_link_kinds(host: str) -> None:
    text = {one.name: one.kind for one in facts(host, "ip-d-link.txt", "ip-addr").interfaces or ()}
    json = {one.name: one.kind for one in facts(host, "ip-j-d-link.json", "ip-addr-json").interfaces or ()}
    assert text == json
    assert text["docker0"] == "bridge"
