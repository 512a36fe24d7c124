from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.discover import Input, discover
from netlint.formats import FORMATS
from netlint.hosts import group
from netlint.sniff import namespace
from netlint.source import Source

SHARED = Path(__file__).resolve().parents[1] / "../shared"
# File names that stand for their formats in these tests.
KINDS = {
    "addr": "ip-addr",
    "route": "ip-route",
    "fw": "iptables-save",
    "info": "docker-info",
    "daemon.json": "daemon-json",
    "docker.service": "systemd-unit",
    "override.conf": "systemd-unit",
    "sysctl.conf": "sysctl",
    "resolv.conf": "resolv-conf",
    "setup.sh": "shell-script",
    "pool.yaml": "kubernetes",
    "inspect": "docker-network-inspect",
    "docker": "docker-defaults",
    "trusted.xml": "firewalld",
    "subnet.env": "flannel",
}


def hosts(*paths: str, root: str = "/scan/site") -> list[tuple[str | None, bool, list[str]]]:
    """Name, implied and paths of the hosts of files whose formats follow from their names."""
    inputs = []
    for path in sorted(paths):
        kind = KINDS.get(path.rpartition("/")[2], "compose")
        inputs.append(Input(Source(path, ""), kind, root, namespace("", path, kind)))
    return [(one.name, one.implied, [item.source.path for item in one.inputs]) for one in group(inputs)]


def test_one_host() -> None:
    paths = ["addr", "compose.yaml", "fw", "setup.sh", "pool.yaml"]
    assert hosts(*paths) == [("site", False, sorted(paths))]


@pytest.mark.parametrize(
    "inner",
    [
        "etc/docker/daemon.json",
        "sysctl.d/sysctl.conf",
        "docker.service.d/override.conf",
        "systemd/system/docker.service.d/override.conf",
        "default/docker",
        "firewalld/zones/trusted.xml",
        "run/flannel/subnet.env",
        "usr/lib/systemd/system/docker.service",
        "containers/app/route",
        "sos_commands/networking/route",
        "etc/resolv.conf",
    ],
)
def test_inner_directories_belong_to_the_host(inner: str) -> None:
    assert hosts("addr", inner) == [("site", False, sorted(["addr", inner]))]
    assert hosts(inner) == [("site", False, [inner])]
    assert hosts(f"hostA/{inner}", "hostB/addr") == [
        ("hostA", False, [f"hostA/{inner}"]),
        ("hostB", False, ["hostB/addr"]),
    ]


def test_sosreport() -> None:
    paths = ["sosreport-x/etc/docker/daemon.json", "sosreport-x/sos_commands/networking/addr", "sosreport-x/proc/route"]
    assert hosts(*paths, root="/tmp/x.tar.gz") == [("sosreport-x", False, sorted(paths))]


def test_archive_names_its_host() -> None:
    assert hosts("addr", root="/tmp/web-1.tar.gz")[0][0] == "web-1"
    assert [name for name, *_ in hosts("a/web-1.zip/addr", "a/web-2.zip/addr")] == ["web-1", "web-2"]


def test_scanning_etc() -> None:
    paths = [
        "docker/daemon.json",
        "sysctl.d/sysctl.conf",
        "systemd/system/docker.service.d/override.conf",
        "resolv.conf",
    ]
    assert hosts(*paths, root="/etc") == [("etc", False, sorted(paths))]


def test_siblings_are_hosts_of_one_site() -> None:
    assert hosts("hostA/addr", "hostB/route", "compose.yaml") == [
        ("site", True, ["compose.yaml"]),
        ("hostA", False, ["hostA/addr"]),
        ("hostB", False, ["hostB/route"]),
    ]


def test_siblings_below_a_directory_with_facts() -> None:
    found = hosts("daemon.json", "hostA/addr", "hostB/addr", "inventory/resolv.conf")
    assert [name for name, *_ in found] == ["site", "hostA", "hostB"]
    assert found[0][2] == ["daemon.json", "inventory/resolv.conf"]


def test_nested_directory() -> None:
    assert len(hosts("addr", "more/route")) == 1
    assert len(hosts("addr", "old/addr")) == 2
    assert [name for name, *_ in hosts("sysctl.conf", "hostA/addr")] == ["hostA", "site"]


def test_listings_sorted_into_directories() -> None:
    paths = ["h/docker/info", "h/network/addr", "h/firewall/fw"]
    assert hosts(*paths) == [("h", False, sorted(paths))]
    assert hosts("addr", "docker/daemon.json") == [("site", False, ["addr", "docker/daemon.json"])]


def test_compose_projects_inside_a_host() -> None:
    assert len(hosts("addr", "srv/a/compose.yaml", "srv/b/compose.yaml")) == 1


def test_compose_projects_beside_a_single_host() -> None:
    assert hosts("dump/addr", "compose.yaml", "app/compose.yaml") == [
        ("dump", False, ["app/compose.yaml", "compose.yaml", "dump/addr"])
    ]
    # too far away, or beside facts that only illustrate
    assert len(hosts("dump/addr", "a/b/compose.yaml")) == 2
    assert len(hosts("examples/addr", "compose.yaml")) == 2


@pytest.mark.parametrize(
    "path", ["docker/daemon.json", "roles/docker/files/daemon.json", "roles/x/files/etc/docker/daemon.json"]
)
def test_daemon_json_in_a_repository_of_compose_projects(path: str) -> None:
    found = hosts(path, "a/compose.yaml", "b/compose.yaml")
    assert [(name, implied) for name, implied, _ in found][:2] == [("a", True), ("b", True)]
    assert found[2][1:] == (False, [path])
    folder = path.rpartition("/")[0]
    assert len(hosts(path, f"{folder}/compose.yaml")) == 1


def test_compose_files_of_a_plain_repository() -> None:
    found = hosts("compose.yaml", "compose.override.yml", "a/compose.yaml", "t/one.yaml", "t/two.yaml", "t/setup.sh")
    assert found == [
        ("a", True, ["a/compose.yaml"]),
        ("site", True, ["compose.override.yml", "compose.yaml"]),
        ("t/one.yaml", True, ["t/one.yaml"]),
        ("t/setup.sh", True, ["t/setup.sh"]),
        ("t/two.yaml", True, ["t/two.yaml"]),
    ]


def test_scripts() -> None:
    assert hosts("compose.yaml", "setup.sh") == [("site", True, ["compose.yaml", "setup.sh"])]
    assert hosts("setup.sh") == [("site", True, ["setup.sh"])]
    assert hosts("hostA/addr", "hostB/setup.sh") == [
        ("hostA", False, ["hostA/addr"]),
        ("hostB", False, ["hostB/setup.sh"]),
    ]
    assert hosts("dump/addr", "tools/setup.sh") == [("dump", False, ["dump/addr", "tools/setup.sh"])]
    assert [one[:2] for one in hosts("a/addr", "b/addr", "scripts/setup.sh")] == [
        ("a", False),
        ("b", False),
        ("scripts", True),
    ]


def test_what_belongs_to_no_host() -> None:
    assert hosts("k/pool.yaml", "a/compose.yaml") == [("a", True, ["a/compose.yaml"]), (None, True, ["k/pool.yaml"])]
    assert hosts("a/pool.yaml", "a/compose.yaml") == [("a", True, ["a/compose.yaml", "a/pool.yaml"])]


def test_equal_names_are_told_apart() -> None:
    assert [name for name, *_ in hosts("x/node/addr", "y/node/addr")] == ["x/node", "y/node"]
    found = hosts("x/node/etc/docker/daemon.json", "y/node/addr")
    assert [name for name, *_ in found] == ["x/node", "y/node"]


FOLDERS = [
    "",
    "a",
    "a/b",
    "hostA",
    "hostB",
    "hostA/etc/docker",
    "docker",
    "containers/x",
    "scripts",
    "a/network",
    "etc",
]


@given(st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from([*KINDS, "compose.yaml", "x.yaml"])), max_size=14))
def test_every_input_is_in_exactly_one_host(files: set[tuple[str, str]]) -> None:
    paths = sorted(f"{folder}/{name}" if folder else name for folder, name in files)
    found = hosts(*paths)
    assert sorted(path for *_, inside in found for path in inside) == paths
    assert len({name for name, *_ in found}) == len(found)
    assert all(inside for *_, inside in found)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the incidents are not beside this checkout")
def test_hosts_of_the_incidents() -> None:
    for folder in sorted((SHARED / "incidents/dev").glob("*/broken")):
        found = discover([str(folder)])
        names = {one.name for one in group(found.inputs) if not one.implied}
        expected = {path.name for path in folder.glob("host[AB]")}
        facts = {item.format for item in found.inputs} - {"compose", "shell-script", "kubernetes"}
        assert names == (expected or ({folder.name} if facts else set())), folder


def test_formats_of_the_tests_exist() -> None:
    assert set(KINDS.values()) <= set(FORMATS)


def test_variants_of_daemon_json_are_no_part_of_the_host() -> None:
    inputs = [
        Input(Source(path, ""), "daemon-json", "/scan/site") for path in ("a.daemon.json", "daemon.json", "z.json")
    ]
    inputs.append(Input(Source("addr", ""), "ip-addr", "/scan/site"))
    found = [(one.implied, [item.source.path for item in one.inputs]) for one in group(inputs)]
    assert sorted(found) == [(False, ["daemon.json", "addr"]), (True, ["a.daemon.json"]), (True, ["z.json"])]
