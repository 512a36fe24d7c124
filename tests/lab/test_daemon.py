"""NL109, NL301, NL302, NL305, NL306, NL313, NL901: what dockerd refuses, and what it accepts."""

import json
import re
import shlex

import pytest

from tests.lab.compose import Record
from tests.lab.engine import Engine, first_with, refusal
from tests.lab.examples import files
from tests.lab.machine import ADDRESS, machine
from tests.lab.net import Host, LabError

UNMATCHED = "the following directives don't match any configuration option: "
# Rule and title of an example, and by the first engine of which it holds what dockerd says against it; None: it starts.
REFUSED: dict[tuple[str, str], dict[str, str | None]] = {
    ("NL109", "subnets larger than the pool"): {
        "20.10": "invalid pools size: 16",
        "28.5": r"has a smaller prefix \(/24\) than the target size of that pool \(/16\)",
    },
    ("NL109", "no size"): {"20.10": "invalid pools size: 0", "28.5": "10.201.0.0/16 0.* is not in canonical form"},
    ("NL109", "another range than it seems"): {"20.10": None},
    ("NL301", "hosts beside the unit's -H"): {
        "20.10": "the following directives are specified both as a flag and in the configuration file: hosts"
    },
    ("NL302", "misspelt"): {"20.10": None},  # the names of flags
    ("NL302", "a list that is none"): {"20.10": "cannot unmarshal string into .*dns"},
    ("NL302", "too new for the engine"): {"20.10": None},  # of an unknown object only the keys inside are looked at
    ("NL306", "a bridge of one's own, and an address for docker0"): {
        "20.10": "You specified -b & --bip, mutually exclusive options"
    },
    ("NL306", "no isolation without iptables"): {"20.10": "You specified --iptables=false with --icc=false"},
    ("NL306", "an experiment on 20.10"): {
        "20.10": "ip6tables rules are only available if experimental features",
        "28.5": None,
    },
    ("NL306", "IPv6 without addresses on 26"): {
        "20.10": "IPv6 is enabled for the default bridge, but no subnet is configured",
        "28.5": None,
    },
    ("NL313", "no length"): {"20.10": "10.9.0.1"},
    ("NL901", "no JSON"): {"20.10": "invalid character"},
}
STARTS = {
    "NL109": "a /16 cut into 256 networks",
    "NL301": "a drop-in takes the flag away",
    "NL302": "known keys",
    "NL306": "with what they need",
}


def flags(texts: dict[str, str]) -> list[str]:
    """The flags of the last ExecStart of an example's units. systemd and a containerd of its own are not in the lab."""
    commands = re.findall(
        r"^ExecStart=(.+)$", "\n".join(text for name, text in texts.items() if "service" in name), re.MULTILINE
    )
    words = shlex.split(commands[-1])[1:] if commands else []
    return [word for word in words if not word.startswith("--containerd=")]


@pytest.mark.parametrize(("rule", "title"), REFUSED)
def test_refused(version: str, rule: str, title: str, proof: Record) -> None:
    texts = files(rule, title)
    expected = first_with(version, REFUSED[rule, title])
    with Host("engine") as host:
        said = refusal(host, version, *flags(texts), config=texts["daemon.json"])
    if expected is None:
        assert said is None
        proof(rule=rule, engine=version, observed=f"{title}: dockerd accepts it")
    else:
        assert said is not None
        assert re.search(expected, said)
        proof(rule=rule, engine=version, observed=f"{title}: dockerd ends: {reason(said)}")


def reason(said: str) -> str:
    """The end of what dockerd says, without the names of this run's files."""
    return re.sub(r".*netlint-lab[^ :]*: ", "", said).removeprefix("failed to start daemon: ")


@pytest.mark.parametrize("rule", STARTS)
def test_starts(version: str, rule: str) -> None:
    texts = files(rule, STARTS[rule])
    with Host("engine") as host:
        assert refusal(host, version, *flags(texts), config=texts["daemon.json"]) is None


UNKNOWN = [
    ({"insecure-registrys": ["registry.example:5000"]}, "insecure-registrys"),
    ({"Debug": True}, "Debug"),
    ({"no-such-option": {"inner": 1}}, "inner"),
    ({"no-such-option": {"bridge": {}}}, None),
]


@pytest.mark.parametrize(("config", "named"), UNKNOWN)
def test_unknown_key(version: str, config: dict[str, object], named: str | None, proof: Record) -> None:
    """dockerd looks for a value that is an object at the keys inside, and nowhere else."""
    with Host("engine") as host:
        said = refusal(host, version, config=config)
    assert (said or "").endswith(UNMATCHED + named if named is not None else "")
    ends = f"dockerd ends: {UNMATCHED}{named}" if named is not None else "dockerd starts and ignores it"
    proof(rule="NL302", engine=version, observed=f"{json.dumps(config)}: {ends}")


def test_flag_names_are_ignored(version: str, proof: Record) -> None:
    """The misspelt pool of the example is the name of a flag; its range is not used."""
    with machine() as (host, _), Engine(host, version, config=files("NL302", "misspelt")["daemon.json"]) as engine:
        engine.docker("network", "create", "front")
        assert "10.201." not in host.ip("route")
        assert "registry.example:5000" not in engine.docker("info")
    proof(rule="NL302", engine=version, observed="the names of flags as keys: dockerd starts and ignores their values")


def test_pool_with_host_bits(version: str, proof: Record) -> None:
    config = files("NL109", "another range than it seems")["daemon.json"]
    with machine() as (host, _), Engine(host, version, config=config) as engine:
        engine.docker("network", "create", "front")
        assert "10.201.1.0/24 dev br-" in host.ip("route")
    proof(rule="NL109", engine=version, observed="base 10.201.7.0/16 accepted: networks come from 10.201.0.0/16")


def asks_api(host: Host, address: str) -> bool:
    """Whether the Docker API answers on port 2375 of `address` without a certificate."""
    request = "GET /_ping HTTP/1.0\r\n\r\n"
    return "200 OK" in host.run("busybox", "nc", "-w", "2", address, "2375", stdin=request, check=False)


@pytest.mark.parametrize("title", ["open to the network", "for every user of this host"])
def test_api_without_certificate(version: str, title: str, proof: Record) -> None:
    texts = files("NL305", title)
    unit = [word.replace("fd://", "unix:///var/run/docker.sock") for word in flags(texts)]
    reached = title == "open to the network"
    with machine() as (host, others), Engine(host, version, *unit, config=texts.get("daemon.json")) as engine:
        assert asks_api(others, ADDRESS) is reached
        assert asks_api(host, "127.0.0.1")
        engine.container("web")
        words = ("nc", "-w", "2", "172.17.0.1", "2375")
        answer = engine.execute("web", *words, stdin="GET /_ping HTTP/1.0\r\n\r\n", check=False)
        assert ("200 OK" in answer) is reached
        assert "level=warning" in engine.log
    seen = "every host of the LAN and every container" if reached else "the host itself and nobody else"
    proof(rule="NL305", engine=version, observed=f"{title}: dockerd starts, with a warning; the API answers {seen}")


def test_no_api_on_tcp(version: str) -> None:
    with machine() as (host, others), Engine(host, version):
        assert not asks_api(others, ADDRESS)


def test_iptables_refuses(proof: Record) -> None:
    bad, good = files("NL901", "a mask that is none"), files("NL901", "both can be read")
    with Host("engine") as host:
        with pytest.raises(LabError, match="invalid mask"):
            host.run("iptables-restore", stdin=bad["iptables-save.txt"])
        assert "MASQUERADE" not in host.run("iptables-save")
        host.run("iptables-restore", stdin=good["iptables-save.txt"])
        assert "MASQUERADE" in host.run("iptables-save")
    proof(rule="NL901", engine="iptables", observed="a mask that is none: iptables-restore refuses the whole file")


def test_live_restore_in_swarm(version: str, proof: Record) -> None:
    with machine() as (host, _), Engine(host, version, config=json.dumps({"live-restore": True})) as engine:
        text = "--live-restore daemon configuration is incompatible with swarm mode"
        with pytest.raises(LabError, match=text):
            engine.docker("swarm", "init", "--advertise-addr", "eth0")
    proof(rule="NL306", engine=version, observed=f"live-restore: the host cannot join a swarm: {text}")
