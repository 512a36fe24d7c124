"""NL401, NL403, NL404, NL406: source translation, and the rules that the engine wrote."""

import shlex
from pathlib import Path

import pytest

from tests.lab.compose import Lab, Record, finds
from tests.lab.engine import Engine
from tests.lab.examples import files, firewall_rules
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine
from tests.lab.net import Host

WEB, BRIDGE, CLIENT = "172.17.0.2", "172.17.0.1", NEIGHBOUR  # the addresses of the rules' examples


def nat(host: Host, *words: str) -> None:
    host.run("iptables", "-t", "nat", *words)


def culprit(rule: str, title: str) -> list[str]:
    """The marked line of an example's firewall dump: the words of a rule to append."""
    (found,) = firewall_rules(rule, title)
    return found


def deleted(words: list[str]) -> list[str]:
    return ["-D", *words[1:]]


@pytest.mark.parametrize("title", ["no source, no interface", "into the bridge"])
def test_every_client_is_the_bridge(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    assert engine.address("web") == WEB
    assert others.asks(ADDRESS, 8080) == CLIENT
    assert not finds(engine, "NL401", tmp_path)
    words = culprit("NL401", title)
    nat(host, *words)
    assert others.asks(ADDRESS, 8080) == BRIDGE
    assert finds(engine, "NL401", tmp_path)
    nat(host, *deleted(words))
    seen = f"{shlex.join(words)}: the server in the container sees {BRIDGE}, and without the rule the client's own "
    proof(rule="NL401", engine=version, observed=seen + CLIENT)


def test_containers_are_the_bridge(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """Bridged traffic passes iptables as the engine sets net.bridge.bridge-nf-call-iptables."""
    host, _, engine = lab
    engine.container("web")
    engine.container("app")
    own = engine.address("app")
    assert engine.asks("app", WEB) == own
    words = culprit("NL401", "between containers of one network")
    nat(host, *words)
    bridged = host.run("sysctl", "-n", "net.bridge.bridge-nf-call-iptables").strip()
    seen = engine.asks("app", WEB)
    assert seen == (BRIDGE if bridged == "1" else own)
    assert finds(engine, "NL401", tmp_path) is (bridged == "1")
    host.sysctl("net.bridge.bridge-nf-call-iptables", "0")
    assert engine.asks("app", WEB) == own
    assert not finds(engine, "NL401", tmp_path)
    host.sysctl("net.bridge.bridge-nf-call-iptables", bridged)
    nat(host, *deleted(words))
    text = (
        f"bridge-nf-call-iptables is {bridged}: with the rule a container sees its neighbour as {seen}, with 0 as {own}"
    )
    proof(rule="NL401", engine=version, observed=text)


def test_masquerade_missing(version: str, proof: Record, tmp_path: Path) -> None:
    with machine() as (host, others), Engine(host, version) as engine:
        engine.container("web", "-p", "8080:80", "--restart", "always")
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL403", tmp_path)
        nat(host, "-F", "POSTROUTING")
        assert engine.asks("web", NEIGHBOUR) is None
        assert others.asks(ADDRESS, 8080) == CLIENT
        assert finds(engine, "NL403", tmp_path)
        engine.restart()
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL403", tmp_path)
    seen = "after iptables -t nat -F POSTROUTING the container reaches nothing, its published port still answers; "
    proof(rule="NL403", engine=version, observed=seen + "a restart of the engine repairs it")


@pytest.mark.parametrize("option", ["ip-masq", "iptables"])
def test_masquerade_off(version: str, option: str, proof: Record) -> None:
    # docker0 then says in the engine's own list that it is not to be translated, so that netlint takes it for meant
    with machine() as (host, _), Engine(host, version, config={option: False}) as engine:
        engine.container("web")
        assert engine.asks("web", NEIGHBOUR) is None
        host.sysctl("net.ipv4.ip_forward", "1")  # without iptables the engine leaves it off
        nat(host, *shlex.split("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"))
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
    seen = f"{option} false: the container reaches nothing until the rule of the help text is added by hand"
    proof(rule="NL403", engine=version, observed=seen)


def test_masquerade_stale(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """A network whose rule is written by hand has moved from the range of the example's rule to another."""
    host, _, engine = lab
    option = ("-o", "com.docker.network.bridge.enable_ip_masquerade=false")
    engine.docker("network", "create", *option, "--subnet", "172.26.0.0/16", "moved")
    engine.container("web", "--net", "moved")
    stale = culprit("NL404", "the network has moved")
    assert "172.25.0.0/16" in stale
    current = [word.replace("172.25.", "172.26.") for word in stale]
    nat(host, *stale)
    assert engine.asks("web", NEIGHBOUR) is None
    assert finds(engine, "NL404", tmp_path)
    nat(host, *deleted(stale))
    nat(host, *current)
    assert engine.asks("web", NEIGHBOUR) == ADDRESS
    assert not finds(engine, "NL404", tmp_path)
    nat(host, *deleted(current))
    seen = (
        "with the rule for 172.25.0.0/16 a container of 172.26.0.0/16 reaches nothing, with that for its own range all"
    )
    proof(rule="NL404", engine=version, observed=seen)


@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "no proxy"])
@pytest.mark.parametrize("table", ["nat", "filter"])
def test_flushed(version: str, table: str, proxy: bool, proof: Record, tmp_path: Path) -> None:
    """What still answers after a flush: of nat the engine's proxy takes over, where there is one."""
    with machine() as (host, others), Engine(host, version, config={"userland-proxy": proxy}) as engine:
        engine.container("web", "-p", "8080:80", "--restart", "always")
        assert others.asks(ADDRESS, 8080) == CLIENT
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL406", tmp_path)
        assert ":FORWARD DROP" in host.run("iptables-save", "-t", "filter")
        host.run("iptables", "-t", table, "-F")
        inward, outward = others.asks(ADDRESS, 8080), engine.asks("web", NEIGHBOUR)
        assert outward is None
        assert inward == (BRIDGE if table == "nat" and proxy else None)
        assert finds(engine, "NL406", tmp_path)
        engine.restart()
        assert others.asks(ADDRESS, 8080) == CLIENT
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL406", tmp_path)
    how = (
        f"the published port answers by the proxy alone, with {BRIDGE} as every client" if inward else "no port answers"
    )
    seen = (
        f"iptables -t {table} -F with userland-proxy {str(proxy).lower()}: no way out, and {how}; a restart repairs it"
    )
    proof(rule="NL406", engine=version, observed=seen)


@pytest.mark.parametrize("title", ["a script flushes the table", "the engine writes its rules anew"])
def test_flush_in_script(version: str, title: str, proof: Record, tmp_path: Path) -> None:
    script = files("NL406", title)["setup.sh"]
    with machine() as (host, _), Engine(host, version) as engine:
        for line in script.splitlines():
            match shlex.split(line):
                case ["docker", *words]:
                    engine.docker(*words)
                    engine.container("web", "--net", "shop", "--restart", "always")
                case ["systemctl", "restart", "docker"]:
                    engine.restart()
                case words:
                    host.run(*words)
        repaired = "systemctl" in script
        assert (engine.asks("web", NEIGHBOUR) == ADDRESS) is repaired
        (tmp_path / "setup.sh").write_text(script, encoding="utf-8")
        assert finds(engine, "NL406", tmp_path) is not repaired
    if not repaired:
        seen = "the script of the example runs without an error, and containers of network shop reach nothing"
        proof(rule="NL406", engine=version, observed=seen)


def test_translation_to_nobody(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The example's rule once a container with another address has the port, alone and before the engine's own."""
    host, others, engine = lab
    (stale,) = firewall_rules("NL412", "nobody has the address")
    engine.container("older")  # takes the address of the example's rule
    engine.container("web", "-p", "8080:80")
    engine.docker("rm", "-f", "older")
    assert engine.address("web") == "172.17.0.3"
    assert "172.17.0.2:80" in stale
    assert others.asks(ADDRESS, 8080) == CLIENT
    assert not finds(engine, "NL412", tmp_path)
    with host.rules([stale], "nat"):
        assert others.asks(ADDRESS, 8080) is None
        assert finds(engine, "NL412", tmp_path)
    other = [word.replace("8080", "8081") for word in stale]
    with host.rules([other], "nat"):
        assert others.asks(ADDRESS, 8081) is None
        assert finds(engine, "NL412", tmp_path)
    seen = (
        "a rule left behind that leads to an address of nobody: the port is dead, also where the engine's own rule for "
    )
    proof(rule="NL412", engine=version, observed=seen + "the running container follows")


def test_turning_round(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The example's translation by hand, with and without that of the source, asked from beside the service."""
    host, others, engine = lab
    engine.container("web", "-p", "127.0.0.1:9443:443")  # so that the engine lets the port's packets in
    engine.container("app")
    own = engine.address("app")
    bad = firewall_rules("NL414", "a translation by hand, and the container does not reach itself")
    good = [
        words for words in firewall_rules("NL414", "the source is translated as well", "POSTROUTING") if "-d" in words
    ]
    bridged = host.run("sysctl", "-n", "net.bridge.bridge-nf-call-iptables").strip()
    with host.rules(bad, "nat"):
        assert others.asks(ADDRESS, 8443) == CLIENT
        for asked in ("1", "0"):
            host.sysctl("net.bridge.bridge-nf-call-iptables", asked)
            # where bridged traffic passes iptables, so does the answer; what turns round in one port is lost then
            assert engine.asks("app", ADDRESS, 8443) == (own if asked == "1" else None)
            assert asked == "0" or engine.asks("web", ADDRESS, 8443) is None
            with host.rules(good, "nat"):
                assert engine.asks("app", ADDRESS, 8443) == BRIDGE
                assert not finds(engine, "NL414", tmp_path)
        assert finds(engine, "NL414", tmp_path)
    host.sysctl("net.bridge.bridge-nf-call-iptables", bridged)
    seen = (
        "a translation by hand: the LAN gets an answer, the container's neighbours only where bridge-nf-call-iptables "
    )
    proof(
        rule="NL414",
        engine=version,
        observed=seen
        + "is 1, and the container itself not then; with the source translated as well the neighbours always",
    )
