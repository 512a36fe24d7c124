"""How time grows with the input: every parser, and every rule on whole inputs, at a size and at ten times that size.

`python tests/bench/growth.py [--json]` prints a table, worst first. A ratio of 10 is linear, 100 quadratic; processor
time, the best of three. Parsers get awkward texts of one repeated piece, rules a host or a repository that grows in one
direction: networks, services, ports, routes, firewall rules, scripts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from netlint.config import Config
from netlint.discover import Discovery, Input
from netlint.engine import build, findings_of
from netlint.formats import FORMATS
from netlint.model.host import Site
from netlint.rule import Rule, load_rules, rules_folder
from netlint.sniff import sniff
from netlint.source import Source

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.bench.generate import generate

# What has made some parser slow when it was repeated: what never closes, continuations, blanks, names, whole lines.
PIECES = (
    *(
        "a",
        " ",
        "\n",
        "\r",
        "\t",
        "- ",
        "a: ",
        "a:\n ",
        "{",
        "[",
        "(",
        '"',
        "'",
        "\\",
        "\\\n",
        "$",
        "${",
        "${A:-",
        "$(",
        "`",
    ),
    *(
        "#",
        "# a\n",
        "a b ",
        "a=b\n",
        "a=b ",
        '"a" ',
        '{"a": ',
        "[1, ",
        "1.",
        "10.0.0.1 ",
        "10.0.0.1/24,",
        "::",
        "fe80::1 ",
    ),
    *(
        ":A - [0:0]\n",
        "-A A -j A\n",
        "! -s 10.0.0.1 ",
        '-m comment --comment "',
        "-A A " + "-m a " * 9,
        "table ip a {\n",
    ),
    *("chain a {\n", "set a {", "elements = { 1.1.1.1, ", "1: eth0: <UP> mtu 1\n", "    inet 10.0.0.1/24\n"),
    *("default via ", "10.0.0.0/8 via 10.0.0.1 dev eth0\n", "nexthop via 10.0.0.1 ", "[Service]\n", "ExecStart=a \\\n"),
    *(
        "if true; then ",
        "f() {\n",
        "case a in a) ",
        "for a in b; do ",
        "a | ",
        "a && ",
        "a <<E\n",
        "&a ",
        "*a ",
        "<<: ",
    ),
    *(
        "? ",
        "| \n",
        "\xe9",
        "\x00",
        "Chain A (1 references)\n",
        "NETWORK ID  NAME  DRIVER  SCOPE\n",
        "Name: a\nMembers:\n",
    ),
    *(" Server:\n", "tcp LISTEN 0 1 "),
)
SMALL = 8_000  # characters
FLOOR = 0.004  # seconds below which a ratio says nothing


class Row(NamedTuple):
    """What was measured: seconds at the small and at the large size."""

    what: str
    case: str
    small: float
    large: float

    @property
    def ratio(self) -> float:
        return self.large / max(self.small, 1e-6)


def seconds(call: Callable[[], object], runs: int = 3) -> float:
    """The least processor time of some runs; one that takes long is not repeated."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
        if best > 1:
            break
    return best


def parsers() -> Iterator[Row]:
    """The slowest piece of each parser."""
    for name in dict.fromkeys(known.parser for known in FORMATS.values() if known.parser):
        parse = import_module(f"netlint.parse.{name}").parse
        rows = []
        for piece in PIECES:
            sources = [Source("f", (piece * (size // len(piece) + 1))[:size]) for size in (SMALL, SMALL * 10)]
            small, large = (seconds(partial(parse, source), 2) for source in sources)
            rows.append(Row(f"parse {name}", repr(piece), max(small, FLOOR / 10), large))
        yield max(rows, key=lambda row: row.large)


def _services(count: int) -> dict[str, str]:
    body = "".join(
        f"  s{n}:\n    image: x\n    ports: ['{1024 + n % 60000}:80']\n    depends_on: [s{n // 2}]\n"
        f"    environment: {{URL: 'http://s{n // 2}:80'}}\n    networks: [n{n % 40}]\n"
        for n in range(1, count)
    )
    nets = "".join(f"  n{n}: {{ipam: {{config: [{{subnet: 10.{n}.0.0/16}}]}}}}\n" for n in range(40))
    return {"compose.yaml": f"services:\n{body}networks:\n{nets}"}


def _same_ports(count: int) -> dict[str, str]:
    body = "".join(f"  s{n}: {{image: x, ports: ['8080:80'], container_name: c}}\n" for n in range(1, count))
    return {"compose.yaml": f"services:\n{body}"}


def _networks(count: int) -> dict[str, str]:
    nets = "".join(
        f"  n{n}: {{ipam: {{config: [{{subnet: 10.{n >> 8 & 255}.{n & 255}.0/24}}]}}}}\n" for n in range(count)
    )
    return {"compose.yaml": f"services: {{a: {{image: x}}}}\nnetworks:\n{nets}", **_host(10)}


def _overlapping(count: int) -> dict[str, str]:
    nets = "".join(f"  n{n}: {{ipam: {{config: [{{subnet: 10.0.0.0/{8 + n % 20}}}]}}}}\n" for n in range(count))
    return {"compose.yaml": f"services: {{a: {{image: x}}}}\nnetworks:\n{nets}"}


def _addresses(count: int) -> dict[str, str]:
    body = "".join(
        f"  s{n}: {{image: x, networks: {{n: {{ipv4_address: 10.0.{n >> 8 & 255}.{n & 255}}}}}}}\n"
        for n in range(1, count)
    )
    return {"compose.yaml": f"services:\n{body}networks: {{n: {{ipam: {{config: [{{subnet: 10.0.0.0/16}}]}}}}}}\n"}


def _projects(count: int) -> dict[str, str]:
    text = (
        "services: {{a: {{image: x, ports: ['{0}:80']}}}}\n"
        "networks: {{n: {{ipam: {{config: [{{subnet: 10.{1}.0.0/16}}]}}}}}}\n"
    )
    return {f"p{n}/compose.yaml": text.format(1024 + n, n % 250) for n in range(count)}


def _host(count: int) -> dict[str, str]:
    links = "".join(
        f"{n + 2}: eth{n}: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n"
        f"    inet 192.168.{n % 250}.{n // 250 + 1}/24 scope global eth{n}\n"
        for n in range(count)
    )
    return {"ip-addr.txt": f"1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n{links}"}


def _routes(count: int) -> dict[str, str]:
    routes = "".join(f"10.{n >> 8 & 255}.{n & 255}.0/24 via 192.168.0.{n % 200 + 2} dev eth0\n" for n in range(count))
    return {**_host(4), "ip-route.txt": f"default via 192.168.0.1 dev eth0\n{routes}", **_networks(20)}


def _firewall(count: int) -> dict[str, str]:
    dump = generate("docker", count)
    return {**_host(4), "ip-route.txt": "default via 192.168.0.1 dev eth0\n", "iptables-save.txt": dump}


def _drops(count: int) -> dict[str, str]:
    rules = "".join(
        f"-A INPUT -s 10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32 -p tcp -m tcp --dport {n % 9 + 1} -j DROP\n"
        for n in range(count)
    )
    head = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    return {**_host(4), "iptables-save.txt": f"{head}{rules}COMMIT\n"}


def _script(count: int) -> dict[str, str]:
    lines = "".join(
        f"docker network create --subnet 10.{n >> 8 & 255}.{n & 255}.0/24 n{n}\n"
        f"ip route add 172.16.{n % 250}.0/24 via 10.0.0.{n % 250}\niptables -A INPUT -s 10.0.{n % 250}.1 -j DROP\n"
        f"docker run -d -p {1024 + n % 60000}:80 --name c{n} x\n"
        for n in range(count)
    )
    return {**_host(4), "setup.sh": f"#!/bin/sh\n{lines}"}


def _containers(count: int) -> dict[str, str]:
    networks = []
    for n in range(20):
        ids = {f"{n:08x}{i:056x}": f"10.{n}.{i >> 8}.{i & 255}/16" for i in range(2, count // 20 + 2)}
        networks.append(
            {
                "Name": f"n{n}",
                "Id": f"{n:064x}",
                "Driver": "bridge",
                "Scope": "local",
                "IPAM": {"Config": [{"Subnet": f"10.{n}.0.0/16"}]},
                "Containers": {one: {"Name": f"c{one}", "IPv4Address": address} for one, address in ids.items()},
            }
        )
    return {**_host(4), "docker-network-inspect.json": json.dumps(networks)}


SITES: dict[str, tuple[Callable[[int], dict[str, str]], int]] = {
    "services": (_services, 100),
    "same port": (_same_ports, 100),
    "networks": (_networks, 300),
    "overlaps": (_overlapping, 30),
    "static addresses": (_addresses, 300),
    "projects": (_projects, 60),
    "interfaces": (_host, 200),
    "routes": (_routes, 2000),
    "docker rules": (_firewall, 300),
    "drop rules": (_drops, 300),
    "script": (_script, 60),
    "containers": (_containers, 400),
}


def discovery(files: dict[str, str]) -> Discovery:
    inputs = [Input(Source(path, text), sniff(text, path) or "compose", "/r") for path, text in sorted(files.items())]
    return Discovery(inputs=inputs, unreadable=[], skipped=[], root="/r", named=frozenset(), ignored=0)


def sites() -> Iterator[Row]:
    """Building each site, and each rule on it."""
    rules, config = load_rules([rules_folder()]), Config()
    for case, (make, size) in SITES.items():
        found = [discovery(make(count)) for count in (size, size * 10)]
        yield Row("build", case, *(seconds(partial(build, one, config), 2) for one in found))
        built = [build(one, config)[0] for one in found]
        for rule in rules:
            small, large = (seconds(partial(checked, rule, site, config), 2) for site in built)
            yield Row(rule.slug, case, max(small, FLOOR / 10), large)


def checked(rule: Rule, site: Site, config: Config) -> None:
    deque(findings_of(rule, site, config), maxlen=0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--only", choices=("parsers", "sites"))
    arguments = options.parse_args()
    rows = [] if arguments.only == "sites" else [*parsers()]
    rows += [] if arguments.only == "parsers" else [*sites()]
    rows.sort(key=lambda row: (-row.ratio if row.large > FLOOR * 5 else 0, -row.large))
    if arguments.json:
        print(json.dumps([{**row._asdict(), "ratio": row.ratio} for row in rows], indent=1))
        return
    print(f"{'what':38} {'grows':42} {'small':>9} {'x 10':>9} {'ratio':>6}")
    for row in rows:
        if row.large > FLOOR * 5:
            times = f"{row.small * 1000:6.1f} ms {row.large * 1000:6.0f} ms {row.ratio:6.1f}"
            print(f"{row.what:38} {row.case[:42]:42} {times}")


if __name__ == "__main__":
    main()
