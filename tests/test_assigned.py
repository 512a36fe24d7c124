"""Hosts as the configuration states them."""

from pathlib import Path

from netlint.config import Config, parse_config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder
from netlint.run import Run

RULES = load_rules([rules_folder()])
WEB = 'services:\n  web:\n    image: x\n    ports: ["8080:80"]\n'
ADDRESSES = "2: eth0: <UP> mtu 1500\n    inet 10.0.0.5/24 scope global eth0\n"


def run(folder: Path, files: dict[str, str], config: Config | None = None, below: str = "") -> Run:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return check(discover([str(folder / below)]), RULES, config or Config())


def codes(result: Run) -> set[str]:
    return {finding.code for finding in result.findings}


def hosts(**sources: list[str]) -> Config:
    return parse_config({"hosts": [{"name": name, "sources": patterns} for name, patterns in sources.items()]})


def test_projects_on_one_host_share_its_ports(tmp_path: Path) -> None:
    files = {"shop/compose.yaml": WEB, "blog/compose.yaml": WEB}
    assert "NL205" not in codes(run(tmp_path, files)), "nothing says that they share a host"
    result = run(tmp_path, files, hosts(edge=["shop/", "blog/compose.yaml"]))
    assert "NL205" in codes(result)
    assert [(host.name, host.implied) for host in result.site.hosts] == [("edge", False)]


def test_the_rest_is_grouped_as_ever(tmp_path: Path) -> None:
    files = {"shop/compose.yaml": WEB, "blog/compose.yaml": WEB}
    files |= {"core/ip-addr.txt": ADDRESSES, "rim/ip-addr.txt": ADDRESSES.replace("0.5", "0.6")}
    result = run(tmp_path, files, hosts(edge=["shop/**"]))
    found = {(host.name, host.implied) for host in result.site.hosts}
    assert found == {("edge", False), (None, True), ("core", False), ("rim", False)}


def test_facts_and_projects_come_together(tmp_path: Path) -> None:
    files = {"shop/compose.yaml": WEB, "dumps/7/ip-addr.txt": ADDRESSES, "dumps/8/ip-addr.txt": ADDRESSES}
    result = run(tmp_path, files, hosts(edge=["shop/**", "dumps/7/**"], core=["dumps/8"]))
    edge, core = result.site.hosts
    assert (edge.name, len(edge.projects), len(edge.interfaces or ())) == ("edge", 1, 1)
    assert (core.name, len(core.projects)) == ("core", 0)


def test_a_project_on_two_hosts(tmp_path: Path) -> None:
    result = run(tmp_path, {"shop/compose.yaml": WEB}, hosts(edge=["shop/**"], core=["shop/**"]))
    assert [(host.name, len(host.projects)) for host in result.site.hosts] == [("edge", 1), ("core", 1)]
    assert len({(f.code, f.at, f.message) for f in result.findings}) == len(result.findings), "nothing is said twice"


def test_files_of_a_project_go_with_it(tmp_path: Path) -> None:
    files = {
        "shop/compose.yaml": "include: [../lib/db.yaml]\n" + WEB,
        "shop/compose.override.yaml": 'services:\n  web:\n    ports: ["8081:81"]\n',
        "lib/db.yaml": "services:\n  db:\n    image: x\n",
    }
    result = run(tmp_path, files, hosts(edge=["shop/compose.yaml"]))
    (edge,) = result.site.hosts
    (project,) = edge.projects
    assert sorted(service.name for service in project.services) == ["db", "web"]
    assert len(project.services[[service.name for service in project.services].index("web")].ports) == 2


def test_a_second_daemon_json_stays_a_variant(tmp_path: Path) -> None:
    files = {"etc/daemon.json": '{"bip": "10.1.0.1/24"}', "etc/daemon.lab.json": '{"bip": "10.2.0.1/24"}'}
    result = run(tmp_path, files, hosts(edge=["etc/**"]))
    assert [host.name for host in result.site.hosts] == ["edge", None]


def test_sources_are_written_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "netlint.toml"
    config.write_text("")
    files = {"deploy/shop/compose.yaml": WEB, "deploy/blog/compose.yaml": WEB}
    stated = hosts(edge=["deploy/**"])
    stated = type(stated)(**{**{name: getattr(stated, name) for name in stated.__struct_fields__}, "path": str(config)})
    assert "NL205" in codes(run(tmp_path, files, stated, below="deploy"))


def test_patterns_of_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, {"shop/compose.yaml": WEB}, hosts(edge=["nowhere/**"]))
    assert [host.implied for host in result.site.hosts] == [True]
