"""NL117, NL201 to NL204, NL206, NL207, NL220, NL225, NL233, NL234, NL311, NL313: what `docker compose up` refuses or
drops."""

import re
import shlex
from pathlib import Path

import pytest

from tests.lab.compose import Compose, Lab, Record, finds, up
from tests.lab.engine import first_with
from tests.lab.examples import files
from tests.lab.machine import ADDRESS
from tests.lab.net import LabError

IN_USE = "port is already allocated|address already in use"
# Rule and title of an example, and by the first engine of which it holds what is said against it; None: nothing.
REFUSED: dict[tuple[str, str], dict[str, str | None]] = {
    ("NL201", "a network from nowhere"): {"20.10": "refers to undefined network backend"},
    ("NL202", "nobody made it"): {"20.10": "declared as external, but could not be found"},
    ("NL202", "Compose does not take what it did not make"): {
        "20.10": r"was found but has incorrect label com\.docker\.compose\.network"
    },
    ("NL203", "both"): {"20.10": "declares mutually exclusive `network_mode` and `networks`"},
    ("NL203", "one in each file"): {"20.10": "declares mutually exclusive `network_mode` and `networks`"},
    ("NL204", "in another service's network"): {
        "20.10": "conflicting options: port publishing and the container type network mode"
    },
    ("NL206", "scaled"): {"20.10": IN_USE},
    ("NL206", "a range that is too short"): {"20.10": "all ports are allocated"},
    ("NL207", "a name"): {"20.10": "Invalid ip address: localhost"},
    ("NL207", "an address of another machine"): {"20.10": "cannot assign requested address"},
    ("NL117", "six containers and five addresses"): {"20.10": "no available IPv4 addresses on this network"},
    ("NL117", "a range for one"): {"20.10": "no available IPv4 addresses on this network"},
    ("NL220", "sixteen characters"): {"20.10": "numerical result out of range"},
    ("NL220", "one name, two networks"): {"20.10": "networks have same bridge name"},
    ("NL225", "a host name behind a VPN"): {"20.10": "conflicting options: hostname and the network mode"},
    ("NL225", "a name server of its own"): {"20.10": "conflicting options: dns and the network mode"},
    ("NL225", "an entry for /etc/hosts"): {
        "20.10": "conflicting options: custom host-to-IP mapping and the network mode"
    },
    ("NL225", "an exposed port"): {"20.10": "conflicting options: port exposing and the container type network mode"},
    ("NL233", "the host's network"): {"20.10": 'only one instance of "host" network is allowed'},
    ("NL233", "a spelling mistake"): {"20.10": 'plugin "?brigde"? not found'},
    ("NL233", "two subnets"): {"20.10": "bridge driver doesn't support multiple subnets"},
    ("NL234", "a network of the file"): {"20.10": "network back not found"},
    ("NL234", "a spelling mistake"): {"20.10": "network hosts not found"},
    ("NL237", "the default bridge"): {"20.10": "network-scoped alias is supported only for containers"},
    ("NL237", "the host's network, under another key"): {
        "20.10": "network-scoped alias is supported only for containers"
    },
    ("NL238", "refused"): {"20.10": r"interface_name requires Docker Engine v28\.1 or later", "28.5": None},
    ("NL313", "a name server with a port"): {"20.10": None, "26.1": "bad nameserver address 10.0.0.53#5353"},
    ("NL313", "a name server by its name"): {"20.10": None, "26.1": "bad nameserver address pihole"},
    ("NL311", "no subnet, on an old engine"): {
        "20.10": "could not find an available, non-overlapping IPv6 address pool",
        "28.5": None,
    },
}
STARTS = {
    "NL201": "defined by its name",
    "NL202": "the script makes it, the file finds it",
    "NL203": "the override takes the networks away",
    "NL206": "a port for each",
    "NL207": "the host's own",
    "NL117": "room enough",
    "NL220": "short and distinct",
    "NL225": "the service that has the network has the options",
    "NL234": "under networks",
}
CHECKED_BY_COMPOSE = ("NL201", "NL203", "NL207")  # `docker compose config` refuses what these find, or some of it


def prepare(lab: Lab, texts: dict[str, str]) -> None:
    """Run the script of an example up to the point where it starts the project."""
    for line in texts.get("setup.sh", "").splitlines():
        if not line.startswith("docker compose"):
            lab.engine.docker(*shlex.split(line)[1:])


@pytest.mark.parametrize(("rule", "title"), REFUSED)
def test_refused(version: str, lab: Lab, rule: str, title: str, proof: Record, tmp_path: Path) -> None:
    texts, shop, text = files(rule, title), tmp_path / "shop", first_with(version, REFUSED[rule, title])
    prepare(lab, texts)
    if text is None:
        up(lab.engine, texts, shop)
        proof(rule=rule, engine=version, observed=f"{title}: accepted")
        return
    with pytest.raises(LabError) as error:
        up(lab.engine, texts, shop)
    said = re.search(text, str(error.value))
    assert said is not None, str(error.value)
    if rule not in CHECKED_BY_COMPOSE:
        Compose(lab.engine).run(shop, "config", "-q")
    shown = "the port is in use" if text == IN_USE else said[0]
    proof(rule=rule, engine=version, observed=f"{title}: docker compose up fails: {shown}")


@pytest.mark.parametrize("rule", STARTS)
def test_starts(version: str, lab: Lab, rule: str, tmp_path: Path) -> None:
    texts = files(rule, STARTS[rule])
    lab.host.ip("addr", "replace", "192.0.2.10/32", "dev", "lo")
    prepare(lab, texts)
    up(lab.engine, texts, tmp_path / "shop")


@pytest.mark.parametrize(
    ("title", "warned", "answers"),
    [
        ("on an internal network alone", False, False),
        ("on the host's network", True, False),
        ("on the LAN itself", False, False),
        ("a second network", False, True),
    ],
)
def test_ports_ignored(
    version: str, lab: Lab, title: str, warned: bool, answers: bool, proof: Record, tmp_path: Path
) -> None:
    """Nothing listens on the port that the file publishes, though the project starts."""
    shop = tmp_path / "shop"
    said = up(lab.engine, files("NL204", title), shop)
    port = 8123 if title == "on the host's network" else 8080
    reached = lab.others.asks(ADDRESS, port) is not None
    assert ("Published ports are discarded" in said) is warned
    assert reached is answers
    assert finds(lab.engine, "NL204", shop) is not answers
    how = "with a warning" if warned else "without a warning"
    what = "the published port answers" if answers else f"no port is published, {how}"
    proof(rule="NL204", engine=version, observed=f"{title}: the project starts; {what}")
