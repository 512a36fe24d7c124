"""NL101 to NL104, NL108, NL110 to NL115: subnets, pools and addresses."""

import re
from pathlib import Path

import pytest

from netlint.api import Severity
from tests.lab.compose import Compose, Lab, Record, container, finds, refused, up
from tests.lab.dump import dump
from tests.lab.engine import Engine, first_with, refusal
from tests.lab.examples import files, findings
from tests.lab.machine import ADDRESS, NEIGHBOUR, OWNER, machine
from tests.lab.net import failure
from tests.lab.resolver import resolves, serve_names


def test_overlap_of_networks(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    engine = lab.engine
    said = refused(engine, files("NL101", "one network inside another"), shop)
    assert "Pool overlaps with other one on this address space" in said
    left = engine.docker("network", "ls", "--format", "{{.Name}}").split()
    assert len([name for name in left if name.startswith("shop_")]) == 1
    assert finds(engine, "NL101", shop)
    Compose(engine).run(shop, "down", "-t", "0")

    up(engine, files("NL101", "side by side"), shop)
    assert engine.pings(container(shop), NEIGHBOUR)
    assert not finds(engine, "NL101", shop)
    seen = "docker compose config accepts the file; up fails: Pool overlaps with other one on this address space, and "
    proof(rule="NL101", engine=version, observed=seen + "one of the two networks is left behind")


def test_overlap_with_network_that_is_there(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    engine.docker("network", "create", "--subnet", "172.20.8.0/24", "legacy")
    said = refused(engine, files("NL101", "a network that is there already"), tmp_path / "shop")
    assert "Pool overlaps with other one on this address space" in said
    assert finds(engine, "NL101", tmp_path / "shop")
    proof(rule="NL101", engine=version, observed="a subnet around that of an existing network: the same refusal")


EFFECTS = {  # host to the LAN, container to the LAN, host to the container
    "192.168.10.0/24": (True, False, False),
    "192.168.10.64/26": (False, False, True),
    "192.168.0.0/16": (True, False, True),
    "172.28.0.0/24": (True, True, True),
}


@pytest.mark.parametrize("subnet", EFFECTS)
def test_overlap_with_lan(version: str, subnet: str, proof: Record, tmp_path: Path) -> None:
    """The table of NL102: equal to, inside and around the LAN; and a range of its own."""
    bad = files("NL102", "part of the office network")
    assert "192.168.10.64/26" in bad["compose.yaml"]
    texts = bad | {"compose.yaml": bad["compose.yaml"].replace("192.168.10.64/26", subnet)}
    shop, target = tmp_path / "shop", "192.168.10.70"
    with machine(texts, others=(target,)) as (host, _), Engine(host, version) as engine:
        assert host.pings(target)
        if subnet == "192.168.10.0/24":  # left alone, the engine would give the bridge the host's own address
            engine.docker("network", "create", "--subnet", subnet, "--gateway", "192.168.10.254", "front")
            engine.container("web", "--net", "front", "--ip", "192.168.10.77")
            name, network = "web", "front"
        else:
            up(engine, texts, shop)
            name, network = container(shop), "shop_front"
        own = engine.address(name, network)
        assert (host.pings(target), engine.pings(name, target), host.pings(own)) == EFFECTS[subnet]
        assert finds(engine, "NL102", shop) is (subnet != "172.28.0.0/24")
    words = ("host to LAN", "container to LAN", "host to container")
    seen = ", ".join(f"{word} {'answers' if ok else 'lost'}" for word, ok in zip(words, EFFECTS[subnet], strict=True))
    proof(rule="NL102", engine=version, observed=f"LAN 192.168.10.0/24, subnet {subnet} accepted: {seen}")


def test_docker0_on_vpn(version: str, proof: Record, tmp_path: Path) -> None:
    texts = files("NL102", "docker0 on top of a VPN")
    for config, reaches in ((texts["daemon.json"], False), ("{}", True)):
        with (
            machine(texts, others=("10.8.0.9",)) as (host, _),
            Engine(host, version, config=config) as engine,
        ):
            engine.container("web")
            assert host.pings("10.8.0.9")
            assert engine.pings("web", "10.8.0.9") is reaches
            assert finds(engine, "NL102", tmp_path) is not reaches
    proof(rule="NL102", engine=version, observed="bip around the VPN's range accepted: containers lose the VPN")


@pytest.mark.parametrize(
    ("title", "target", "host_reaches", "container_reaches"),
    [
        ("inside a routed range", "10.200.1.9", False, False),
        ("around it", "172.20.8.9", True, False),
        ("the halves of a VPN are no range of their own", "203.0.113.9", True, True),
    ],
)
def test_overlap_with_route(
    version: str,
    title: str,
    target: str,
    host_reaches: bool,
    container_reaches: bool,
    proof: Record,
    tmp_path: Path,
) -> None:
    texts, shop = files("NL103", title), tmp_path / "shop"
    with machine(texts, others=(target,)) as (host, _), Engine(host, version) as engine:
        assert host.pings(target)
        up(engine, texts, shop)
        assert host.pings(target) is host_reaches
        assert engine.pings(container(shop), target) is container_reaches
        assert finds(engine, "NL103", shop) is not container_reaches
    if not container_reaches:
        seen = f"subnet {title} accepted: the routed address answered the host before, and after it "
        seen += "only the host, not the container" if host_reaches else "neither host nor container"
        proof(rule="NL103", engine=version, observed=seen)


def test_overlay_over_resolver_of_daemon(version: str, proof: Record, tmp_path: Path) -> None:
    """A name server of the option `dns` is asked from inside the container, whichever engine asks."""
    with (
        machine(others=(NEIGHBOUR, "10.0.0.2")) as (host, others),
        Engine(host, version, config={"dns": ["10.0.0.2"]}) as engine,
    ):
        serve_names(others, "10.0.0.2")
        engine.docker("swarm", "init", "--advertise-addr", "eth0", "--default-addr-pool", "10.99.0.0/16")
        for name, subnet in (("bad", "10.0.0.0/24"), ("good", "10.20.0.0/24")):
            addresses = ("--subnet", subnet, "--ip-range", subnet.replace("0/24", "64/26"))
            engine.docker("network", "create", "-d", "overlay", "--attachable", *addresses, name)
            engine.container(f"on-{name}", "--net", name)
            assert resolves(engine, f"on-{name}") is (name == "good")
        found = [one.severity for one in findings(dump(engine, tmp_path)) if one.code == "NL104"]
        assert found == [Severity.ERROR]
    proof(rule="NL104", engine=version, observed="overlay over a server of the daemon's dns: no name resolves")


def test_network_over_gateway(version: str, proof: Record, tmp_path: Path) -> None:
    gateway = "192.168.99.1"
    listing = f"default via {gateway} dev eth0\n192.168.10.0/24 dev eth0 scope link src {ADDRESS}\n"
    with (
        machine({"ip-route.txt": listing}, others=(NEIGHBOUR, "203.0.113.9")) as (host, _),
        Engine(host, version) as engine,
    ):
        host.route(gateway, "dev", "eth0", "metric", "9")
        assert host.pings(gateway)
        host.ip("route", "del", gateway)
        engine.docker("network", "create", "--subnet", "192.168.99.0/24", "--gateway", "192.168.99.254", "front")
        engine.container("web", "--net", "front", "--ip", "192.168.99.77")
        assert host.pings("203.0.113.9")
        assert not host.pings(gateway)
        assert not engine.pings("web", gateway)
        assert finds(engine, "NL104", tmp_path)
    seen = "network over the default gateway accepted: the gateway answers neither host nor container, what lies "
    proof(rule="NL104", engine=version, observed=seen + "behind it still answers the host")


@pytest.mark.parametrize("subnet", ["10.0.0.0/24", "10.20.0.0/24"])
@pytest.mark.parametrize("driver", ["overlay", "bridge"])
def test_network_over_resolver(version: str, driver: str, subnet: str, proof: Record, tmp_path: Path) -> None:
    """The subnets of the rule's examples, as an overlay and as a bridge, over and beside the name server."""
    bad = subnet == "10.0.0.0/24"
    title = "an overlay over the cloud's resolver" if bad else "elsewhere, and a resolver of one's own on docker0"
    assert f'"Subnet": "{subnet}"' in files("NL104", title)["docker-network-inspect.json"]
    with (
        machine(others=(NEIGHBOUR, "10.0.0.2")) as (host, others),
        Engine(host, version, resolver="10.0.0.2") as engine,
    ):
        serve_names(others, "10.0.0.2")
        engine.docker("swarm", "init", "--advertise-addr", "eth0", "--default-addr-pool", "10.99.0.0/16")
        attachable = ("--attachable",) if driver == "overlay" else ()
        # else the overlay's own load balancer takes the address of the name server
        addresses = ("--subnet", subnet, "--ip-range", subnet.replace("0/24", "64/26"))
        engine.docker("network", "create", "-d", driver, *attachable, *addresses, "app")
        engine.container("web", "--net", "app")
        # the resolver of engine 28.5 asks from the host, which an overlay takes nothing from
        resolved = not bad or (driver == "overlay" and version == "28.5")
        assert resolves(engine, "web") is resolved
        found = [one.severity for one in findings(dump(engine, tmp_path)) if one.code == "NL104"]
        assert found == ([Severity.WARNING if resolved else Severity.ERROR] if bad else [])
        if driver == "overlay":
            engine.container("own", "--net", "app", "--dns", "10.0.0.2")
            assert resolves(engine, "own") is not bad
    if bad:
        still = "names resolve by the host's resolv.conf, and not with --dns" if resolved else "no name resolves"
        proof(rule="NL104", engine=version, observed=f"{driver} network over the resolver accepted: {still}")


@pytest.mark.parametrize("title", ["the pool is the VPN", "a range that nobody has"])
def test_pool_in_routed_range(version: str, title: str, proof: Record, tmp_path: Path) -> None:
    """The pool's range is behind a router; the engine takes it from the first network on."""
    bad = title == "the pool is the VPN"
    texts = files("NL108", title)
    # the first /24 of the pool is 10.200.0.0/24; the ninth lies in the routed 10.200.8.0/22
    with machine(texts, others=("10.200.8.9",)) as (host, _):
        assert host.pings("10.200.8.9")
        with Engine(host, version, config=texts["daemon.json"]) as engine:
            for number in range(8):  # docker0 has the first
                engine.docker("network", "create", f"front-{number}")
            subnets = re.findall(r"10\.20[01]\.\d+\.0/24 dev br-", host.ip("route"))
            assert ("10.200.8.0/24 dev br-" in subnets) is bad
            assert host.pings("10.200.8.9") is not bad
            assert finds(engine, "NL108", tmp_path) is bad
    if bad:
        seen = "networks are cut from the pool one after the other; the ninth is 10.200.8.0/24 of the routed range, "
        proof(rule="NL108", engine=version, observed=seen + "and the routed address answers no more")


def test_overlapping_pools(version: str, proof: Record) -> None:
    config = files("NL108", "twice the same addresses")["daemon.json"]
    with machine() as (host, _), Engine(host, version, config=config) as engine:
        engine.docker("network", "create", "front")
    proof(rule="NL108", engine=version, observed="overlapping pools are accepted at start")


@pytest.mark.parametrize("subnet", ["224.1.0.0/16", "127.50.0.0/16"])
def test_no_container_starts(version: str, lab: Lab, subnet: str, proof: Record, tmp_path: Path) -> None:
    multicast = files("NL110", "multicast")
    texts = {"compose.yaml": multicast["compose.yaml"].replace("224.1.0.0/16", subnet)}
    shop = tmp_path / "shop"
    engine = lab.engine
    assert "could not be found" in refused(engine, texts, shop)
    assert "shop_front" in engine.docker("network", "ls")
    assert finds(engine, "NL110", shop)
    seen = f"network {subnet} is created, no container starts: route for the gateway could not be found"
    proof(rule="NL110", engine=version, observed=seen)


@pytest.mark.parametrize("title", ["past the end of the private range", "private addresses"])
def test_public_range(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    """The real owner of the range answered before, and not afterwards."""
    texts, shop, engine = files("NL110", title), tmp_path / "shop", lab.engine
    bad = title != "private addresses"
    assert lab.host.pings(OWNER)
    up(engine, texts, shop)
    assert lab.host.pings(OWNER) is not bad
    assert engine.pings(container(shop), OWNER) is not bad
    assert finds(engine, "NL110", shop) is bad
    if bad:
        seen = "network 172.32.0.0/16 accepted: a public address of the range answered the host before and not after"
        proof(rule="NL110", engine=version, observed=seen)


def test_subnet_not_canonical(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    texts, shop = files("NL111", "an address instead of a network"), tmp_path / "shop"
    engine = lab.engine
    if version == "20.10":
        up(engine, texts, shop)
        assert "10.20.0.0/24 dev br-" in lab.host.ip("route")
        proof(rule="NL111", engine=version, observed="accepted; the network is 10.20.0.0/24")
    else:
        assert "invalid subnet 10.20.0.5/24: it should be 10.20.0.0/24" in refused(engine, texts, shop)
        seen = "refused: invalid subnet 10.20.0.5/24: it should be 10.20.0.0/24"
        proof(rule="NL111", engine=version, observed=seen)
    Compose(engine).run(shop, "down", "-t", "0")
    up(engine, files("NL111", "the network itself"), shop)


def test_gateway_outside(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    engine = lab.engine
    said = refused(engine, files("NL112", "outside the subnet"), shop)
    answers = {
        "20.10": "failed to allocate gateway (10.20.1.1): Requested address is out of range",
        "26.1": "invalid gateway 10.20.1.1: parent subnet 10.20.0.0/24 doesn't contain this address",
    }
    text = first_with(version, answers)
    assert text in said
    up(engine, files("NL112", "the first usable address"), shop)
    assert engine.pings(container(shop), "10.20.0.1")
    proof(rule="NL112", engine=version, observed=f"network refused: {text}")
    with machine() as (host, _):
        said = refusal(host, version, config=files("NL112", "the network itself")["daemon.json"]) or ""
    assert "failed to allocate gateway (10.9.0.0): Address already in use" in said
    seen = "bip 10.9.0.0/24: dockerd ends: failed to allocate gateway (10.9.0.0): Address already in use"
    proof(rule="NL112", engine=version, observed=seen)


def test_range_outside(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    engine = lab.engine
    texts = files("NL113", "a range of another subnet")
    if version == "20.10":
        up(engine, texts, shop)
        address = engine.address(container(shop), "shop_front")
        assert address == "10.20.0.129"
        assert engine.pings(container(shop), NEIGHBOUR)
        seen = f"ip_range 10.21.0.128/25 outside 10.20.0.0/24 accepted; the container got {address}, which works"
        proof(rule="NL113", engine=version, observed=seen)
        Compose(engine).run(shop, "down", "-t", "0")
    else:
        text = "invalid ip-range 10.21.0.128/25: parent subnet 10.20.0.0/24 doesn't contain ip-range"
        assert text in refused(engine, texts, shop)
        proof(rule="NL113", engine=version, observed=f"network refused: {text}")
    answers = {
        "20.10": "auxiliary address: (router:10.20.1.9) must belong to the master pool: 10.20.0.0/24",
        "26.1": "invalid auxiliary address router: parent subnet 10.20.0.0/24 doesn't contain this address",
    }
    text = first_with(version, answers)
    assert text in refused(engine, files("NL113", "an address that is not of the subnet"), shop)
    proof(rule="NL113", engine=version, observed=f"reserved address outside refused: {text}")
    up(engine, files("NL113", "a part of the subnet"), shop)
    assert engine.address(container(shop), "shop_front").startswith("10.20.0.1")


@pytest.mark.parametrize(("title", "given"), [("another network", "10.9.0.0/24"), ("a larger range", "10.0.0.0/8")])
def test_fixed_cidr_outside(version: str, title: str, given: str, proof: Record, tmp_path: Path) -> None:
    outside = files("NL113", "docker0 hands out addresses of another network")["daemon.json"]
    assert '"10.9.0.0/24"' in outside
    config = outside.replace("10.9.0.0/24", given)
    text = "range '10.9.0.0/24' is not in subnet '10.5.0.0/24'"
    refuses = title == "another network" and version == "28.5"
    with machine() as (host, _), Engine(host, version, config=config) as engine:
        said = failure(lambda: engine.container("web"))
        assert text in said if refuses else said == ""
        assert finds(engine, "NL113", tmp_path)
        assert finds(engine, "NL113", tmp_path, "starts no container") is refuses
        if not refuses:
            assert engine.address("web") == "10.5.0.2"
            assert engine.pings("web", NEIGHBOUR)
    seen = (
        f"dockerd starts, no container does: {text}" if refuses else "ignored: the container got 10.5.0.2, which works"
    )
    proof(rule="NL113", engine=version, observed=f"fixed-cidr {given} for docker0 with 10.5.0.0/24: {seen}")


def test_made_by_an_older_engine(version: str, proof: Record, tmp_path: Path) -> None:
    """Networks of 20.10 that later engines refuse to make, after the upgrade."""
    bits, outside = {"Subnet": "10.20.0.5/24"}, {"Subnet": "10.30.0.0/24", "IPRange": "10.31.0.128/25"}
    with machine() as (host, _), Engine(host, "20.10") as engine:
        for name, address in (("bits", bits), ("range", outside)):
            engine.api.post("/networks/create", {"Name": name, "IPAM": {"Config": [address]}})
        engine.upgrade(version)
        assert engine.docker("version", "-f", "{{.Server.Version}}").startswith(version)
        engine.container("one", "--net", "bits")
        assert engine.address("one", "bits") == "10.20.0.2"
        assert engine.pings("one", NEIGHBOUR)
        assert finds(engine, "NL111", tmp_path, "does not make it again") is (version != "20.10")
        assert not finds(engine, "NL111", tmp_path, "this engine refuses it")
        said = failure(lambda: engine.container("two", "--net", "range"))
        text = "range '10.31.0.128/25' is not in subnet '10.30.0.0/24'"
        assert text in said if version == "28.5" else said == ""
        assert finds(engine, "NL113", tmp_path)
        assert finds(engine, "NL113", tmp_path, "starts no container") is bool(said)
        if not said:
            assert engine.address("two", "range") == "10.30.0.129"
            assert engine.pings("two", NEIGHBOUR)
    seen = "network 10.20.0.5/24 made by 20.10 works"
    proof(rule="NL111", engine=version, observed=seen)
    seen = f"no container starts: {text}" if said else "the container got 10.30.0.129, which works"
    proof(rule="NL113", engine=version, observed=f"network made by 20.10 with a range of 10.31.0.0/24: {seen}")


STATIC = {  # by the first engine that says so
    ("NL114", "an address of another subnet"): {
        "20.10": "Invalid address 172.28.1.5: It does not belong to any of this network's subnets",
        "26.1": "no configured subnet or ip-range contain the IP address 172.28.1.5",
    },
    ("NL114", "the engine chooses the subnet"): {
        "20.10": "user specified IP address is supported only when connecting to networks with user configured subnets",
    },
    ("NL115", "two services, one address"): {"20.10": "Address already in use"},
    ("NL115", "the gateway's address"): {"20.10": "Address already in use"},
}


@pytest.mark.parametrize(("rule", "title"), STATIC)
def test_static_address(version: str, lab: Lab, rule: str, title: str, proof: Record, tmp_path: Path) -> None:
    shop, text = tmp_path / "shop", first_with(version, STATIC[rule, title])
    engine = lab.engine
    assert text in refused(engine, files(rule, title), shop)
    assert "shop_back" in engine.docker("network", "ls")
    assert finds(engine, rule, shop)
    Compose(engine).run(shop, "down", "-t", "0")
    good = {"NL114": "an address of the subnet", "NL115": "one each"}[rule]
    up(engine, files(rule, good), shop)
    assert engine.address(container(shop, "db"), "shop_back") == "172.28.0.5"
    assert not finds(engine, rule, shop)
    proof(rule=rule, engine=version, observed=f"{title}: config accepts it, up makes the network, then: {text}")
