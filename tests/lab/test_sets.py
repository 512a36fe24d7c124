"""NL405, NL410, NL413, NL416, NL417, NL418: what is said of all packets, against the kernel and real engines."""

import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest

from netlint.dataplane.unreached import unreached
from tests.dataplane.rulesets import ruleset
from tests.lab import walks
from tests.lab.compose import Lab, Record, finds
from tests.lab.differential import Router
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import reported
from tests.lab.machine import ADDRESS, NEIGHBOUR, OWNER, machine
from tests.lab.net import Host, LabError
from tests.lab.walks import Maker

SEEDS, PROBES = range(12), 1500
WEB = "172.17.0.2"


class Repeating(Maker):
    """Makes firewalls of which some rules come again at the end of their chain, with other targets."""

    def firewall(self) -> str:
        tables = []
        for table in super().firewall().split("COMMIT\n")[:-1]:
            rules = [line for line in table.splitlines() if line.startswith("-A") and "-j DNAT" not in line]
            again = [rule.replace(" -j DROP", " -j ACCEPT") for rule in self.pick.sample(rules, len(rules) // 2)]
            tables.append(table + "".join(f"{rule}\n" for rule in again) + "COMMIT\n")
        return "".join(tables)


def nat(host: Host, words: str) -> None:
    host.run("iptables", "-t", "nat", *shlex.split(words))


def test_no_packet_counts_on_an_unreached_rule(proof: Record) -> None:
    found = counted = probes = 0
    with Router(walks.LINKS) as router:
        for route in walks.ROUTES:
            router.router.route(*route.split())
        for seed in SEEDS:
            maker = Repeating(seed)
            text = router.change(maker)
            router.ask(asked := maker.probes(PROBES))
            probes += len(asked)
            seen = ruleset(router.router.run("iptables-save", "-c"))
            dead = {one.rule.span for one in unreached(seen)}
            for table in seen.tables.values():
                for _, rule in table.rules():
                    hits = rule.counters[0] if rule.counters is not None else 0
                    assert rule.span not in dead or not hits, text
                    counted += bool(hits)
            found += len(dead)
    assert found > 20
    assert counted > 50
    text = f"{probes:,} packets, {len(SEEDS)} random firewalls: {counted} rules counted some, none of {found} unreached"
    proof(rule="NL410", engine="iptables", observed=text)


def test_dnat_takes_what_containers_ask_others(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, _, engine = lab
    engine.container("web")
    engine.container("app")
    assert engine.address("web") == WEB
    assert engine.asks("app", NEIGHBOUR) == ADDRESS
    rule = f"PREROUTING -p tcp --dport 80 -j DNAT --to-destination {WEB}:80"
    assert not finds(engine, "NL413", tmp_path)
    nat(host, f"-I {rule}")
    taken = engine.asks("app", NEIGHBOUR)
    found = finds(engine, "NL413", tmp_path)
    nat(host, f"-D {rule}")
    own = f"PREROUTING -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination {WEB}:80"
    nat(host, f"-I {own}")
    kept = engine.asks("app", NEIGHBOUR)
    right = finds(engine, "NL413", tmp_path)
    nat(host, f"-D {own}")
    assert taken != ADDRESS
    assert found
    assert kept == ADDRESS
    assert not right
    text = (
        f"a container that asks {NEIGHBOUR}:80 gets the other container ({taken}); with --dst-type LOCAL the neighbour"
    )
    proof(rule="NL413", engine=version, observed=text)


def test_an_exclusion_that_holds_the_lan(version: str, proof: Record, tmp_path: Path) -> None:
    with machine(others=(NEIGHBOUR, OWNER)) as (host, _), Engine(host, version) as engine:
        option = "com.docker.network.bridge.enable_ip_masquerade=false"
        engine.docker("network", "create", "--subnet", "192.168.64.0/24", "-o", option, "shop")
        engine.container("app", "--network", "shop")
        wide = "POSTROUTING -s 192.168.64.0/24 ! -d 192.168.0.0/16 -j MASQUERADE"
        nat(host, f"-A {wide}")
        assert engine.asks("app", OWNER) == ADDRESS
        assert engine.asks("app", NEIGHBOUR) is None
        assert finds(engine, "NL405", tmp_path)
        nat(host, f"-D {wide}")
        nat(host, "-A POSTROUTING -s 192.168.64.0/24 ! -d 192.168.64.0/20 -j MASQUERADE")
        assert engine.asks("app", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL405", tmp_path)
    text = "! -d 192.168.0.0/16 from 192.168.64.0/24: public addresses answer, the LAN 192.168.10.0/24 does not; with "
    proof(rule="NL405", engine=version, observed=text + "! -d 192.168.64.0/20 it does")


def test_snat_between_networks(version: str, proof: Record, tmp_path: Path) -> None:
    with machine() as (host, _), Engine(host, version) as engine:
        engine.docker("network", "create", "--subnet", "172.30.0.0/24", "shop")
        engine.container("web", "--network", "shop")
        engine.container("app")
        web, app = engine.address("web", "shop"), engine.address("app")
        host.run("iptables", "-I", "DOCKER-USER", "-s", "172.17.0.0/16", "-d", "172.30.0.0/24", "-j", "ACCEPT")
        host.run("iptables", "-I", "DOCKER-USER", "-s", "172.30.0.0/24", "-d", "172.17.0.0/16", "-j", "ACCEPT")
        if engine.asks("app", web) is None:
            assert not finds(engine, "NL418", tmp_path)
            return  # newer engines keep containers of other networks off in raw, so that SNAT gets no packet
        nat(host, f"-I POSTROUTING -s {app}/32 -j SNAT --to-source {ADDRESS}")
        assert engine.asks("app", web) == ADDRESS
        assert finds(engine, "NL418", tmp_path)
        nat(host, f"-D POSTROUTING -s {app}/32 -j SNAT --to-source {ADDRESS}")
        nat(host, f"-I POSTROUTING -s {app}/32 -o eth0 -j SNAT --to-source {ADDRESS}")
        seen = engine.asks("app", web)
        assert seen != ADDRESS
        assert not finds(engine, "NL418", tmp_path)
    text = f"a container of another network sees {ADDRESS} instead of its neighbour; with -o eth0 it sees {seen}"
    proof(rule="NL418", engine=version, observed=text)


def test_both_back_ends(version: str, proof: Record, tmp_path: Path) -> None:
    with machine() as (host, others), Engine(host, version) as engine:
        engine.container("web", "-p", "8080:80")
        assert others.asks(ADDRESS, 8080) == NEIGHBOUR
        other = "iptables-legacy" if "nf_tables" in host.run("iptables", "--version") else "iptables-nft"
        host.run(other, "-P", "FORWARD", "DROP")
        host.run(other, "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT")
        assert others.asks(ADDRESS, 8080) is None
        dump(engine, tmp_path)
        (tmp_path / "other-save.txt").write_text(host.run(f"{other}-save"), encoding="utf-8")
        assert "NL416" in reported(tmp_path)
        host.run(other, "-F")
        host.run(other, "-P", "FORWARD", "ACCEPT")
        assert others.asks(ADDRESS, 8080) == NEIGHBOUR
        (tmp_path / "other-save.txt").write_text(host.run(f"{other}-save"), encoding="utf-8")
        assert "NL416" not in reported(tmp_path)
    text = (
        "a policy DROP of the other back end loses what the engine's rules accept, and iptables-save does not show it"
    )
    proof(rule="NL416", engine=version, observed=text)


def test_a_chain_that_is_not_there(proof: Record) -> None:
    with ExitStack() as stack:
        host = stack.enter_context(Host("chains"))
        with pytest.raises(LabError) as error:
            host.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "BLOCKLIST")
        said = str(error.value)
        host.run("iptables", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
        text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j allow_ssh\nCOMMIT\n"
        with pytest.raises(LabError):
            host.run("iptables-restore", stdin=text)
        left = host.run("iptables", "-S", "INPUT")
    assert "BLOCKLIST" in said
    assert left.split("\n")[:2] == ["-P INPUT ACCEPT", "-A INPUT -i lo -j ACCEPT"]
    observed = (
        "iptables refuses the command, iptables-restore the whole table: its policy and rules stay what they were"
    )
    proof(rule="NL417", engine="iptables", observed=observed)
