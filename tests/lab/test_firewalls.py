"""NL422, NL802, NL803: ufw and firewalld, and the engine's own rules beside theirs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import image
from tests.lab.compose import Lab, Record, up
from tests.lab.dump import dump
from tests.lab.engine import Engine, refusal
from tests.lab.examples import files, reported, write
from tests.lab.firewalls import NEWER, Ufw, firewalld
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine

ZONE_TITLE = "a zone of firewalld without the port"
DOCKER_USER = ["-A", "DOCKER-USER", "-i", "eth0", "-p", "tcp", "-j", "DROP"]


def finds(rule: str, folder: Path, texts: dict[str, str]) -> bool:
    return rule in reported(write(texts, folder))


def test_ufw(version: str, proof: Record, tmp_path: Path) -> None:
    """The host serves on port 81 and the container on 9000: ufw lets in neither."""
    bad, good = files("NL802", "ufw denies the port"), files("NL802", "allowed, or bound to the host itself")
    project = {"compose.yaml": bad["compose.yaml"].replace("9000:9000", "9000:80")}
    with machine() as (host, others), Ufw(host) as ufw:
        host.serve(image.website(), 81)
        assert others.asks(ADDRESS, 81) == NEIGHBOUR
        ufw("deny", "9000/tcp")
        ufw("--force", "enable")
        with Engine(host, version) as engine:
            up(engine, project, tmp_path / "shop")
            assert others.asks(ADDRESS, 81) is None
            assert others.asks(ADDRESS, 9000) == NEIGHBOUR
            assert finds("NL802", tmp_path / "bad", bad | {"ufw-status.txt": ufw("status", "verbose")})
            with host.rules([DOCKER_USER]):
                assert others.asks(ADDRESS, 9000) is None
        ufw("allow", "8080/tcp")
        assert not finds("NL802", tmp_path / "good", good | {"ufw-status.txt": ufw("status", "verbose")})
    seen = "ufw denies 9000/tcp and lets in nothing else: a program of the host is out of reach, the published port "
    proof(rule="NL802", engine=version, observed=seen + "9000 answers the LAN; with a DROP in DOCKER-USER it does not")


def test_firewalld(version: str, proof: Record, tmp_path: Path) -> None:
    """docker0 in zone trusted, as in the example, and then in no zone; the zone of the LAN allows ssh alone."""
    bound, silent = files("NL803", "the old workaround under a new engine"), files("NL802", ZONE_TITLE)
    public = silent["etc/firewalld/zones/public.xml"].replace("</zone>", '<interface name="eth0"/></zone>')
    zones = {"public.xml": public, "trusted.xml": bound["firewalld/zones/trusted.xml"]}
    engine_version = {"docker-version.txt": bound["docker-version.txt"].replace("20.10", version)}
    with machine() as (host, others), firewalld(host, zones) as command:
        host.serve(image.website(), 81)
        assert others.asks(ADDRESS, 81) is None
        assert "ZONE_CONFLICT: 'docker0' already bound to 'trusted'" in (refusal(host, version) or "")
        assert finds("NL803", tmp_path / "bound", engine_version | listing(command))
        command("--zone=trusted", "--remove-interface=docker0")
        with Engine(host, version) as engine:
            up(engine, {"compose.yaml": silent["compose.yaml"].replace("3306:3306", "3306:80")}, tmp_path / "shop")
            assert others.asks(ADDRESS, 3306) == NEIGHBOUR
            listed = engine_version | listing(command) | {"compose.yaml": silent["compose.yaml"]}
            assert "docker0" in command("--zone=docker", "--list-interfaces")
            assert finds("NL802", tmp_path / "silent", listed)
            assert not finds("NL803", tmp_path / "silent", listed)
            command("--zone=public", "--add-port=3306/tcp")
            assert not finds("NL802", tmp_path / "allowed", listed | listing(command))
    seen = "docker0 in zone trusted: dockerd ends: ZONE_CONFLICT: 'docker0' already bound to 'trusted'; in no zone: it "
    proof(rule="NL803", engine=version, observed=seen + "starts, and binds it to zone docker")
    seen = (
        "firewalld's zone of the LAN allows ssh alone: a program of the host is out of reach, the published port 3306 "
    )
    proof(rule="NL802", engine=version, observed=seen + "answers")


FORWARD_PORT = "meta l4proto tcp ct original proto-dst 8080 accept"
STRICT = {
    "strict, and ports of the engine": False,
    "firewalld passes on what others have translated": True,
    "published for the host alone": True,
}


@pytest.mark.parametrize("title", STRICT)
def test_strict_forward_ports(version: str, title: str, proof: Record, tmp_path: Path) -> None:
    """firewalld 2.3 with the setting of each example. The zone of the LAN opens the port, which does not help.

    The rule of a forward-port for the filter is written by hand, with the protocol: Debian 12's nft reads it only so.
    """
    texts, shop = files("NL422", title), tmp_path / "shop"
    value = texts["firewalld/firewalld.conf"].split("StrictForwardPorts=")[1].split()[0]
    public = '<zone><interface name="eth0"/><port port="8080" protocol="tcp"/></zone>'
    with (
        machine() as (host, others),
        firewalld(host, {"public.xml": public}, {"StrictForwardPorts": value}, NEWER),
        Engine(host, version) as engine,
    ):
        up(engine, texts, shop)
        alone = title == "published for the host alone"
        assert host.asks("127.0.0.1", 8080) is not None
        assert (others.asks(ADDRESS, 8080) == NEIGHBOUR) is (STRICT[title] and not alone)
        dump(engine, write({"firewalld/firewalld.conf": texts["firewalld/firewalld.conf"]}, shop))
        assert ("NL422" in reported(shop)) is not STRICT[title]
        if not STRICT[title]:
            host.run("nft", *f"insert rule inet firewalld filter_FORWARD_dnat {FORWARD_PORT}".split())
            assert others.asks(ADDRESS, 8080) is not None
            seen = "firewalld 2.3 with StrictForwardPorts=yes: a published port answers the host alone, though its "
            seen += "zone opens it; with the rule of a forward-port, or with StrictForwardPorts=no, the LAN as well"
            proof(rule="NL422", engine=version, observed=seen)


def listing(command: Callable[..., str]) -> dict[str, str]:
    return {"firewall-cmd.txt": command("--list-all-zones")}


def test_ban(version: str, lab: Lab, proof: Record) -> None:
    """What fail2ban's action writes for the jail of the example, in its chain and in the one that the rule advises."""
    lab.engine.container("web", "-p", "8080:80")
    answers = {}
    for chain, port in (("INPUT", "8080"), ("DOCKER-USER", "8080"), ("DOCKER-USER", "80")):
        ban = ["-s", NEIGHBOUR, "-p", "tcp", "-m", "multiport", "--dports", port, "-j", "REJECT"]
        with lab.host.rules([["-A", chain, *ban]]):
            answers[chain, port] = lab.others.asks(ADDRESS, 8080) is not None
    assert answers == {("INPUT", "8080"): True, ("DOCKER-USER", "8080"): True, ("DOCKER-USER", "80"): False}
    seen = "8080:80, a ban of fail2ban's kind in INPUT, or in DOCKER-USER by port 8080: the banned address gets an "
    proof(rule="NL802", engine=version, observed=seen + "answer; in DOCKER-USER by port 80 it does not")
