"""NL501, NL502, NL504, NL505: routes between hosts and their containers."""

from pathlib import Path

from tests.lab import image
from tests.lab.compose import Record, finds
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import files, firewall_rules, reported, write
from tests.lab.machine import KERNEL, OWNER, ROUTER, machine, pair
from tests.lab.net import Host, Lan, failure

A, B, PEER = "192.168.124.51", "192.168.124.52", "172.17.2.9"
FIRST, SECOND, FAR = "192.168.10.1", "192.168.11.1", "203.0.113.9"  # two uplinks, and somebody behind both


def test_gateway_out_of_reach(proof: Record) -> None:
    """The commands of the example's script, without an engine."""
    setup = files("NL501", "the address of the other host's bridge")["routes.sh"].splitlines()
    good = files("NL501", "the other host's address on the LAN")["routes.sh"].splitlines()
    with Host("engine") as host, Lan() as lan:
        lan.join(host)
        address, route = (line.split() for line in setup)
        host.run(*address)
        assert "Nexthop has invalid gateway" in failure(lambda: host.run(*route))
        assert "172.17.2.0/24" not in host.ip("route")
        host.run(*good[0].split())
        assert "172.17.3.0/24 via 192.168.10.3" in host.ip("route")
    seen = (
        "ip route add by a gateway of no link is refused: Nexthop has invalid gateway; by the neighbour's address not"
    )
    proof(rule="NL501", engine=KERNEL, observed=seen)


def test_no_way_back(version: str, proof: Record, tmp_path: Path) -> None:
    """Host A of the example with an engine; an address of host B stands for a container there."""
    bad, good = files("NL502", "a route on one side only"), files("NL502", "a route on both")
    config = {"bip": "172.17.1.1/24", "ip-masq": False} | ({"allow-direct-routing": True} if version == "28.5" else {})
    with pair(f"{A}/24", f"{B}/24") as (a, b), Engine(a, version, config=config) as engine:
        b.ip("addr", "add", f"{PEER}/24", "dev", "lo")
        b.serve(image.website())
        a.route("172.17.2.0/24", "via", B)
        engine.container("web")
        with a.rules(firewall_rules("NL502", "a route on both", "POSTROUTING"), "nat"):
            for texts, reaches in ((bad, False), (good, True)):
                if reaches:
                    b.route("172.17.1.0/24", "via", A)
                assert engine.asks("web", PEER) == (engine.address("web") if reaches else None)
                dump(engine, tmp_path / "nodeA")
                write({name: text for name, text in texts.items() if name.startswith("nodeB/")}, tmp_path)
                assert ("NL502" in reported(tmp_path)) is not reaches
    seen = "a route to the peer's containers, and none back: no answer; with a route on both hosts the container's own "
    proof(rule="NL502", engine=version, observed=seen + "address is seen")


def test_rule_of_second_uplink(version: str, proof: Record, tmp_path: Path) -> None:
    """Routing by source, as the example has it, and somebody who asks by the second uplink."""
    with Host("engine") as host, Host("others") as others, Lan("one") as one, Lan("two") as two:
        for lan, address, gateway, device in ((one, FIRST, 254, "eth0"), (two, SECOND, 254, "eth1")):
            network = address.rpartition(".")[0]
            lan.join(host, f"{address}/24", interface=device)
            lan.join(others, f"{network}.{gateway}/24", interface=device)
        others.ip("addr", "add", f"{FAR}/32", "dev", "lo")
        others.sysctl("net.ipv4.conf.all.rp_filter", "1")  # a provider takes no strange addresses
        host.route("default", "via", "192.168.10.254")
        host.route("default", "via", "192.168.11.254", "dev", "eth1", "table", "102")
        host.ip("rule", "add", "from", SECOND, "lookup", "102")
        host.serve(image.website(), 81)
        with Engine(host, version) as engine:
            engine.container("web", "-p", "8080:80")
            # the way there is the second uplink, whatever the asker's own address
            others.route(FIRST, "via", SECOND)
            assert others.asks(SECOND, 81, source=FAR) == FAR
            assert others.asks(SECOND, 8080, source=FAR) is None
            assert finds(engine, "NL505", tmp_path)
            for words in (
                "-A PREROUTING -i eth1 -m conntrack --ctstate NEW -j CONNMARK --set-mark 2",
                "-A PREROUTING -i docker0 -j CONNMARK --restore-mark",
            ):
                host.run("iptables", "-t", "mangle", *words.split())
            host.ip("rule", "add", "fwmark", "2", "lookup", "102")
            assert others.asks(SECOND, 8080, source=FAR) == FAR
            assert not finds(engine, "NL505", tmp_path)
    seen = "the host itself answers by its second uplink, its published port does not; with the marks of the help text "
    proof(rule="NL505", engine=version, observed=seen + "it does")


def test_default_route_to_containers(version: str, proof: Record, tmp_path: Path) -> None:
    with machine(others=(OWNER,)) as (host, _), Engine(host, version) as engine:
        engine.container("web")
        host.ip("route", "replace", "default", "via", ROUTER, "dev", "eth0", "metric", "100")
        host.ip("route", "del", "default", "metric", "0")
        assert engine.pings("web", OWNER)
        assert not finds(engine, "NL504", tmp_path)
        host.route("default", "dev", "docker0", "scope", "link")
        assert not host.pings(OWNER)
        assert not engine.pings("web", OWNER)
        assert finds(engine, "NL504", tmp_path)
    seen = "a default route by docker0 without a metric, beside the real one with metric 100: neither the host nor its "
    proof(rule="NL504", engine=version, observed=seen + "containers reach anything beyond the LAN")
