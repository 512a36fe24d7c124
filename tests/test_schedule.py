"""What is found on a site does not depend on whether hosts are looked at one by one, packed, and by how many."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from netlint import schedule
from netlint import texts as texts_module
from netlint.build.site import SiteBuilder
from netlint.config import Config
from netlint.discover import Input, discover
from netlint.engine import check
from netlint.hosts import HostInputs
from netlint.model import packed as packing
from netlint.model.host import Host
from netlint.model.packed import LONG, PackedHost, packed
from netlint.report.json import render
from netlint.rule import Rule, load_rules, rules_folder
from netlint.source import Source
from netlint.spool import Spool

RULES = load_rules([rules_folder()])
PROJECT = Path(__file__).parents[1]
FIXTURES = PROJECT / "fixtures"


def _write_site(folder: Path, count: int) -> None:
    """Hosts with a bridge each and routes to the containers of some others, from which many rules have something to
    say of pairs: equal subnets, no way back, dropped and translated sources, a store, and a script that adds routes."""
    for n in range(count):
        host, bridge = folder / f"node{n}", f"br-{n:012x}"
        host.mkdir(parents=True)
        subnet = f"172.18.{n if n % 5 else 7}."
        others = [(n + step) % count for step in (1, 2, 3) if (n * step) % 4]
        (host / "ip-addr.txt").write_text(
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n"
            f"    inet 10.0.0.{n + 1}/24 scope global eth0\n"
            f"3: {bridge}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n"
            f"    inet {subnet}1/24 scope global {bridge}\n"
        )
        routes = [
            "default via 10.0.0.254 dev eth0",
            f"10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.{n + 1}",
            f"{subnet}0/24 dev {bridge} proto kernel scope link src {subnet}1",
            *(f"172.18.{k if k % 5 else 7}.0/24 via 10.0.0.{k + 1} dev eth0" for k in others),
        ]
        (host / "ip-route.txt").write_text("\n".join(routes) + "\n")
        masquerade = f"-A POSTROUTING -s {subnet}0/24 ! -o {bridge} -j MASQUERADE\n" if n % 3 else ""
        (host / "iptables-save.txt").write_text(
            "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
            f":DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n{masquerade}"
            f"-A DOCKER ! -i {bridge} -p tcp -m tcp --dport 8080 -j DNAT --to-destination {subnet}5:80\nCOMMIT\n"
            f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {'DROP' if n % 2 else 'ACCEPT'} [0:0]\n:OUTPUT ACCEPT [0:0]\n"
            ":DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n"
            f"-A FORWARD -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            f"-A FORWARD -o {bridge} -j DOCKER\n-A FORWARD -i {bridge} ! -o {bridge} -j ACCEPT\n"
            f"-A DOCKER -d {subnet}5/32 ! -i {bridge} -o {bridge} -p tcp -m tcp --dport 80 -j ACCEPT\n"
            "-A DOCKER-USER -j RETURN\nCOMMIT\n"
        )
        network: dict[str, object] = {
            "Name": f"net{n}",
            "Id": f"{n:012x}" + "0" * 52,
            "Scope": "local",
            "Driver": "bridge",
        }
        network["IPAM"] = {"Config": [{"Subnet": f"{subnet}0/24", "Gateway": f"{subnet}1"}]}
        (host / "docker-network-inspect.json").write_text(json.dumps([network]))
        if n % 3 == 0:
            advertise = {"cluster-store": "consul://10.0.0.1:8500", "cluster-advertise": "eth0:2376"}
            (host / "daemon.json").write_text(json.dumps(advertise))
        if n % 4 == 0:
            (host / "setup.sh").write_text(
                f"ip route add 172.18.{(n + 1) % count}.0/24 via 10.0.0.{(n + 1) % count + 1}\n"
            )
    (folder / "deploy").mkdir()
    (folder / "deploy" / "compose.yaml").write_text(
        "services: {a: {image: x, ports: ['8500:80']}}\n"
        "networks: {default: {ipam: {config: [{subnet: 172.18.8.0/24}]}}}\n"
    )


def _report(folder: Path, jobs: int = 1) -> str:
    return render(check(discover([str(folder)]), RULES, Config(), jobs=jobs))


def _report_of_another(folder: Path, jobs: int) -> str:
    """The report that a new process makes, one host after the other: tests before this one have diagrams of oxidd, and
    with them this process does not fork."""
    code = (
        "import sys; from tests import test_schedule as test; from netlint import schedule, texts;"
        "test.packing.MOST_UNPACKED, schedule._MANY, texts.MUCH = 1, 2, 0;"
        f"sys.stdout.write(test._report(test.Path({str(folder)!r}), {jobs}))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT).stdout


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_module, "MUCH", 0)
    monkeypatch.setattr(schedule, "_MANY", 2)
    monkeypatch.setattr(packing, "MOST_UNPACKED", 1)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("what", ["fixtures", "site"])
def test_hosts_one_by_one_say_the_same(what: str, jobs: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = FIXTURES
    if what == "site":
        folder = tmp_path
        _write_site(tmp_path, 10)
    whole = _report(folder)
    if what == "site":
        of_pairs = {"NL119", "NL402", "NL403", "NL407", "NL502", "NL512"}
        assert of_pairs <= {finding["code"] for finding in json.loads(whole)["findings"]}
    if jobs > 1:
        assert _report_of_another(folder, jobs) == whole
        return
    request.getfixturevalue("one_by_one")
    assert _report(folder, jobs) == whole


def test_a_packed_host_is_the_host() -> None:
    plain = _host()
    host = packed(plain)
    assert isinstance(host, PackedHost)
    assert {name for name in LONG if getattr(plain, name)} == set(host.packed) >= {"routes", "rulesets"}
    for name in Host.__struct_fields__:
        assert getattr(host, name) == getattr(plain, name), name
    assert host.ruleset(4) is host.ruleset(4)
    assert host.firewall_sources == plain.firewall_sources == ("iptables-save.txt",)
    assert host.lists("routes")
    assert not host.lists("neighbours")


def test_a_listing_that_was_empty_is_not_one_that_is_missing() -> None:
    plain = _host(routes="")
    host = packed(plain)
    assert host.routes == plain.routes == ()
    assert host.lists("routes")


def test_few_hosts_are_unpacked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_UNPACKED", 3)
    hosts = [packed(_host()) for _ in range(8)]
    for host in hosts:
        assert host.routes
        assert host.rulesets
    assert len(packing._unpacked_hosts) == 3


def test_a_packed_text_is_the_text() -> None:
    text = "".join(f"line {number} \u00e9\ud800\r\n" for number in range(200))
    source, plain, spool = Source("a", text), Source("a", text), Spool()
    source.pack(spool)
    assert source.kept is not None
    assert (source.text, source.line(7), source.position(90)) == (text, plain.line(7), plain.position(90))
    others = [Source(str(number), text) for number in range(20)]
    for other in others:
        other.pack(spool)
        assert other.line(9) == plain.line(9)
    assert source.line_starts == plain.line_starts
    assert source.part(30, 90).text == plain.part(30, 90).text


def _host(routes: str = "default via 10.0.0.1 dev eth0\n") -> Host:
    texts = {
        "iptables-save.txt": "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n",
        "ip-route.txt": routes,
        "ip-addr.txt": "2: eth0: <UP> mtu 1500\n    inet 10.0.0.5/24 scope global eth0\n",
    }
    kinds = {"iptables-save.txt": "iptables-save", "ip-route.txt": "ip-route", "ip-addr.txt": "ip-addr"}
    builder = SiteBuilder()
    builder.add(HostInputs("a", False, [Input(Source(name, text), kinds[name], "/") for name, text in texts.items()]))
    return builder.hosts[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_rules_that_look_at_hosts_one_by_one_say_so(rule: Rule) -> None:
    """`each_host` is right where the check is one loop over the hosts and nothing else looks at `site.hosts`: then
    what it finds is that of each host, one after the other."""
    marked = rule.each_host
    tree = ast.parse(Path(rule.path).read_text(encoding="utf-8"))
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    body = [line for line in checks[0].body if ast.unparse(line) != "walker = Walker(site.every)"]
    loop = body[0]
    is_loop = len(body) == 1 and isinstance(loop, ast.For) and ast.unparse(loop.iter) == "site.hosts"
    assert marked == is_loop
    if marked:
        assert ast.unparse(tree).count("site.hosts") == 1, "others than the host at hand are in site.every"
        leaves = [node for node in ast.walk(loop) if isinstance(node, ast.Return)]
        assert not leaves
