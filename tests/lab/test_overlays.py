"""NL612 to NL615: containers on the networks of flannel and weave, for which the kernel's own devices stand."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab import image
from tests.lab.compose import Record
from tests.lab.engine import Engine
from tests.lab.examples import files, reported, write
from tests.lab.machine import ADDRESS, KERNEL, NEIGHBOUR, pair
from tests.lab.net import Host, Lan, run
from tests.lab.pods import tunnel

PEER = "10.1.20.2"  # in the other host's lease; this host's is 10.1.19.0/24, as in the examples
LEASE, OTHER = "10.1.19", "10.1.20"


@contextmanager
def flannel() -> Iterator[tuple[Host, Host]]:
    """A host with the lease of the examples, and one with a container PEER that serves."""
    with pair() as (a, b):
        tunnel(a, ADDRESS, NEIGHBOUR, LEASE, OTHER)
        tunnel(b, NEIGHBOUR, ADDRESS, OTHER, LEASE)
        b.ip("addr", "add", f"{PEER}/24", "dev", "lo")
        b.serve(image.website())
        yield a, b


def test_docker_on_flannel(version: str, proof: Record, tmp_path: Path) -> None:
    """dockerd with the examples' options, of an older lease, of flannel's own, and without ip-masq=false."""
    env = files("NL614", "one lease throughout")["subnet.env"]
    older, own = (
        dict(re.findall(r'"--([\w-]+)=(.*)"', files("NL614", title)["run/flannel/docker"]))
        for title in ("options of an older lease", "one lease throughout")
    )
    masked = json.loads(files("NL615", "both")["daemon.json"])
    direct = {"allow-direct-routing": True} if version == "28.5" else {}
    stated = {"bip": own["bip"], "mtu": int(own["mtu"]), "ip-masq": False}
    configs = {
        "older": stated | {"bip": older["bip"]} | direct,
        "own": stated | direct,
        "both": masked | direct,
    } | ({"indirect": stated} if direct else {})
    seen = {}
    with flannel() as (a, _), Engine(a, version, config=configs["older"]) as engine:
        for name, config in configs.items():
            if name != "older":
                (engine.folder / "daemon.json").write_text(json.dumps(config), encoding="utf-8")
                engine.restart()
            engine.container("web")
            seen[name] = engine.asks("web", PEER), engine.address("web")
            engine.docker("rm", "-f", "web")
            folder = write({"subnet.env": env, "daemon.json": json.dumps(config)}, tmp_path / name)
            assert ("NL614" in reported(folder)) is (name == "older")
            assert ("NL615" in reported(folder)) is (name == "both")
    assert seen["older"] == (None, "10.1.27.2")
    assert seen["own"] == ("10.1.19.2", "10.1.19.2")
    assert seen["both"] == ("10.1.19.0", "10.1.19.2")
    assert not direct or seen["indirect"] == (None, "10.1.19.2")
    text = "bip of an older lease: the container is 10.1.27.2, and a container of another host does not answer it; of "
    proof(rule="NL614", engine=version, observed=text + "flannel's lease of now it does")
    text = (
        "without ip-masq=false a container of another host sees 10.1.19.0, this host; with it 10.1.19.2, the container"
    )
    more = "; the answer comes back only with allow-direct-routing" if direct else ""
    proof(rule="NL615", engine=version, observed=text + more)


def test_lease_outside_the_network(proof: Record) -> None:
    """flannel's own rules for its network, on a host whose lease lies outside."""
    texts = files("NL614", "a lease outside the network")
    (network,) = re.findall("FLANNEL_NETWORK=(.*)", texts["subnet.env"])
    seen = {}
    for lease in ("100.244.0", "10.244.0"):
        with pair() as (a, b):
            tunnel(a, ADDRESS, NEIGHBOUR, lease, "10.244.5")
            tunnel(b, NEIGHBOUR, ADDRESS, "10.244.5", lease)
            b.ip("addr", "add", "10.244.5.2/24", "dev", "lo")
            b.serve(image.website())
            a.ip("addr", "add", f"{lease}.1/24", "dev", "lo")
            rules = [
                ["-A", "POSTROUTING", "-s", network, "-d", network, "-j", "RETURN"],
                ["-A", "POSTROUTING", "-s", network, "!", "-d", "224.0.0.0/4", "-j", "MASQUERADE"],
                ["-A", "POSTROUTING", "!", "-s", network, "-d", network, "-j", "MASQUERADE"],
            ]
            with a.rules(rules, "nat"):
                seen[lease] = a.asks("10.244.5.2", source=f"{lease}.1")
    assert seen == {"100.244.0": "100.244.0.0", "10.244.0": "10.244.0.1"}
    text = (
        "a lease outside flannel's network: flannel's own rules translate what goes to other pods, which see the node; "
    )
    proof(rule="NL614", engine=KERNEL, observed=text + "inside they see the pod")


def launch(script: str, folder: Path) -> str:
    """The lines of a script up to `weave launch`, with a program in weave's place that lists what it is given."""
    (folder / "weave").write_text('#!/bin/sh\necho "${WEAVE_PASSWORD-} ${WEAVE_MTU-}"\n', encoding="utf-8")
    (folder / "weave").chmod(0o755)
    return run("env", "-u", "WEAVE_PASSWORD", "-u", "WEAVE_MTU", f"PATH={folder}:/usr/bin:/bin", "sh", "-c", script)


def test_variable_not_exported(proof: Record, tmp_path: Path) -> None:
    assert launch(files("NL613", "not exported")["setup.sh"], tmp_path) == " \n"
    assert launch(files("NL613", "exported, and within the limit")["setup.sh"], tmp_path) == "secret 1416\n"
    text = "WEAVE_PASSWORD on a line of its own does not come to the program; exported, or before the command, it does"
    proof(rule="NL613", engine="sh", observed=text)


def test_mtu_of_weave(proof: Record) -> None:
    """The fast datapath forbids that its packets are cut, and asks with packets of the whole MTU."""
    seen = {}
    with pair() as (a, b):
        for host, own, peer in ((a, ADDRESS, NEIGHBOUR), (b, NEIGHBOUR, ADDRESS)):
            words = "type vxlan id 7 dstport 6784 df set local".split()
            host.ip("link", "add", "vxlan-6784", *words, own, "remote", peer)
            host.ip("addr", "add", f"10.32.0.{own.rpartition('.')[2]}/12", "dev", "vxlan-6784")
            host.ip("link", "set", "vxlan-6784", "up")
        for mtu in (1500, 1451, 1450, 1416):
            for host in (a, b):
                host.ip("link", "set", "vxlan-6784", "mtu", str(mtu))
            seen[mtu] = "bytes from" in a.run(
                "busybox", "ping", "-c", "1", "-W", "1", "-s", str(mtu - 28), "10.32.0.2", check=False
            )
    assert seen == {1500: False, 1451: False, 1450: True, 1416: True}
    text = "VXLAN that must not be cut over an MTU of 1500: packets of 1500 and 1451 are lost, of 1450 and 1416 arrive"
    proof(rule="NL613", engine=KERNEL, observed=text)


@contextmanager
def weave(*containers: str) -> Iterator[tuple[Host, list[Host]]]:
    """A host with weave's bridge and a container for each address, which serves."""
    with Lan("outside") as lan, Host("engine") as host, Host("one") as one, Host("other") as other:
        lan.join(host, f"{ADDRESS}/24")
        host.ip("link", "add", "weave", "type", "bridge")
        host.ip("link", "set", "weave", "up")
        for number, (container, address) in enumerate(zip((one, other), containers, strict=False)):
            port = f"vethwepl{number}"
            words = ("type", "veth", "peer", "name", "ethwe", "netns", container.namespace)
            host.ip("link", "add", port, "master", "weave", *words)
            host.ip("link", "set", port, "up")
            container.ip("addr", "add", address, "dev", "ethwe")
            container.ip("link", "set", "ethwe", "up")
            container.serve(image.website())
        yield host, [one, other]


@pytest.mark.parametrize("title", ["the container's address for the host", "an address each"])
def test_exposed_address(title: str, proof: Record) -> None:
    given = re.findall(r"weave (?:run|expose) (\S+)", files("NL612", title)["setup.sh"])
    good = title == "an address each"
    with weave(given[0]) as (host, _):
        host.ip("addr", "add", given[1], "dev", "weave")
        assert (host.asks(given[0].partition("/")[0]) is not None) is good
    if not good:
        text = (
            "weave expose with a container's address: the host takes it for its own and does not reach the container; "
        )
        proof(rule="NL612", engine=KERNEL, observed=text + "with one of its own it does")


def test_two_lengths(proof: Record) -> None:
    """The network of the example is a /16, and its host has 192.168.1.1/24."""
    seen = {}
    for length in (24, 16):
        with weave("192.168.7.2/16") as (host, _):
            host.ip("addr", "add", f"192.168.1.1/{length}", "dev", "weave")
            seen[length] = host.asks("192.168.7.2") is not None
    assert seen == {24: False, 16: True}
    text = (
        "weave expose 192.168.1.1/24 on a network 192.168.0.0/16: the host does not reach 192.168.7.2; with /16 it does"
    )
    proof(rule="NL612", engine=KERNEL, observed=text)


def test_over_the_network_of_the_host(proof: Record) -> None:
    seen = {}
    for address in ("192.168.10.20", "10.2.1.20"):
        with weave(f"{address}/24") as (host, _):
            if address.startswith("10."):
                host.ip("addr", "add", "10.2.1.254/24", "dev", "weave")
            seen[address] = host.asks(address) is not None
    assert seen == {"192.168.10.20": False, "10.2.1.20": True}
    text = "weave attach 192.168.10.20/24 on a host of 192.168.10.0/24: the host looks for it on its LAN and does not "
    proof(rule="NL612", engine=KERNEL, observed=text + "reach it; from a range of its own it does")
