"""Files that include and extend each other: places, secrets, hostile ones, and which host they belong to."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.compose import build_projects
from netlint.build.facts import HostFacts, Parsed
from netlint.config import Config
from netlint.discover import Discovery, discover
from netlint.engine import build, check
from netlint.model.compose import Project
from netlint.model.host import Site
from netlint.parse import dotenv, yaml
from netlint.report.json import render
from netlint.rule import load_rules, rules_folder
from netlint.source import Source, Span

WEB = "services: {web: {image: w}}\n"
MANY = json.dumps([f"A{n}=1" for n in range(1000)])


class Scanned:
    """A folder `shop` with the files, as netlint sees it."""

    def __init__(self, parent: Path, files: dict[str, str], *paths: str) -> None:
        self.files = files
        self.folder = parent / "shop"
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text, encoding="utf-8")
        self.discovery: Discovery = discover([str(self.folder / path) for path in paths] or [str(self.folder)])
        self.site: Site = build(self.discovery, Config())[0]

    @property
    def projects(self) -> list[Project]:
        return [project for host in self.site.hosts for project in host.projects]

    @property
    def said(self) -> list[str]:
        return [one.message for one in (*self.site.unreadable, *self.site.not_understood)]

    def text(self, span: Span) -> str:
        return f"{span.source}: {self.files[span.source][span.start : span.end]}"


def test_each_value_keeps_its_place(tmp_path: Path) -> None:
    scanned = Scanned(
        tmp_path,
        {
            "compose.yaml": "include: [sub/compose.yaml]\n"
            "services: {web: {extends: {file: base.yaml, service: b}, ports: ['$P:80']}}",
            "compose.override.yaml": "services: {web: {networks: {n: {ipv4_address: 10.1.0.5}}, ports: ['82:82']}}",
            "base.yaml": "services: {b: {image: base, networks: [n], ports: ['81:81'], dns: 10.0.0.1}}",
            "sub/compose.yaml": "services: {db: {image: d}}\nnetworks: {n: {ipam: {config: [{subnet: $NET}]}}}",
            "sub/.env": "NET=10.1.0.0/16",
            ".env": "P=8080",
        },
    )
    [project] = scanned.projects
    assert project.files == ("compose.yaml", "base.yaml", "sub/compose.yaml", "compose.override.yaml")
    web, network = project.service("web"), project.network("n")
    assert web is not None
    assert network is not None
    assert [scanned.text(port.span) for port in web.ports] == [
        "base.yaml: 81:81",
        "compose.yaml: $P:80",
        "compose.override.yaml: 82:82",
    ]
    assert [(str(port.published), port.exact) for port in web.ports] == [("81", True), ("8080", False), ("82", True)]
    [attachment] = web.attachments
    assert attachment.ipv4 is not None
    assert scanned.text(attachment.span) == "base.yaml: n"
    assert scanned.text(attachment.ipv4.span) == "compose.override.yaml: 10.1.0.5"
    assert scanned.text(web.dns[0].span) == "base.yaml: 10.0.0.1"
    assert scanned.text(web.span) == "compose.yaml: web"
    [subnet] = network.subnets
    assert (str(subnet.prefix), subnet.written.exact) == ("10.1.0.0/16", False)
    assert scanned.text(subnet.span) == "sub/compose.yaml: $NET"
    assert not scanned.said


SECRETS = {
    "compose.yaml": "services:\n  web:\n    image: w\n    env_file: web.env\n"
    "    command: run --token $TOKEN --peer $PEER\n"
    "    environment: {DB: 'db://me:$DB_PASS@$DB_HOST:$DB_PORT', WORD: $WORD, PEER: $PEER,\n"
    "      DEFAULT: '${WORD:-x}'}\n"
    "    labels: [a=$WORD, 'b=$SITE']\n    ports: ['$WORD:80']\n    networks: {n: {ipv4_address: $WORD}}\n"
    "  db: {image: d}\nnetworks: {n: {ipam: {config: [{subnet: $WORD, gateway: $WORD}]}}}\n",
    ".env": "TOKEN=hunter2\nDB_PASS=hunter2\nDB_HOST=db\nDB_PORT=5432\nWORD=hunter2\nPEER=10.1.2.3\n"
    "SITE=shop.example\n",
    "web.env": 'API=hunter2\nQUOTE="hunter2\n',
}


def test_an_environment_file_tells_where_a_service_goes(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  web:\n    image: w\n    env_file: [web.env]\n    environment: {A_HOST: db}\n"
        "  db: {image: d}\n",
        ".env": "C_HOST=localhost\n",
        "web.env": "A_HOST=localhost\nB_HOST=127.0.0.1\nC_HOST=db\nWORD=hunter2\n",
    }
    scanned = Scanned(tmp_path, files)
    [project] = scanned.projects
    found = {name: (value.value, value.exact) for name, value in project.services[0].environment}
    assert found == {
        "A_HOST": ("db", True),
        "B_HOST": ("127.0.0.1", False),
        "C_HOST": ("db", False),
        "WORD": ("", False),
    }
    assert scanned.text(dict(project.services[0].environment)["B_HOST"].span) == "compose.yaml: web.env"


def test_secrets_stay_in_their_files(tmp_path: Path) -> None:
    scanned = Scanned(tmp_path, SECRETS)
    run = check(scanned.discovery, load_rules([rules_folder()]), Config())
    assert "hunter2" not in render(run)
    assert not any("hunter2" in message for message in scanned.said)
    [project] = scanned.projects
    [web] = [one for one in project.services if one.name == "web"]
    shown = [*web.environment, *web.labels, *((word.value, word) for word in web.command)]
    assert not any("hunter2" in name or "hunter2" in value.value for name, value in shown)


def test_addresses_ports_and_names_are_seen(tmp_path: Path) -> None:
    [web] = [one for one in Scanned(tmp_path, SECRETS).projects[0].services if one.name == "web"]
    assert [(name, value.value) for name, value in web.environment] == [
        ("API", ""),
        ("DB", "db://me:$DB_PASS@db:5432"),
        ("WORD", "$WORD"),
        ("PEER", "10.1.2.3"),
        ("DEFAULT", "${WORD:-x}"),
    ]
    assert [value.value for _, value in web.labels] == ["$WORD", "shop.example"]
    assert [word.value for word in web.command] == ["run", "--token", "$TOKEN", "--peer", "10.1.2.3"]


def test_hidden_file_names_of_variables_are_never_missing(tmp_path: Path) -> None:
    text = "include: ['$DIR/a.yaml', '${DIR:-no}/b.yaml']\nservices: {web: {extends: {file: $F, service: s}, image: w}}"
    scanned = Scanned(tmp_path, {"compose.yaml": text})
    assert not scanned.said
    assert [project.incomplete for project in scanned.projects] == [True]


@pytest.mark.parametrize(
    ("files", "paths", "message"),
    [
        # of a file that was given alone nobody knows what is beside it
        ({"compose.yaml": f"include: [a.yaml]\n{WEB}"}, ["compose.yaml"], "is not among the files that were given"),
        ({"a/compose.yaml": f"include: [../b/b.yaml]\n{WEB}"}, ["a"], "is not among the files that were given"),
        ({"compose.yaml": f"include: [../b.yaml]\n{WEB}"}, [], "is not among the files that were given"),
        ({"compose.yaml": f"include: [/etc/passwd]\n{WEB}"}, [], "is not among the files that were given"),
        ({"compose.yaml": f"include: [.git/a.yaml]\n{WEB}"}, [], "is not among the files that were given"),
        ({"compose.yaml": f"include: ['https://example.com/a.git']\n{WEB}"}, [], "netlint reads no remote files"),
        ({"compose.yaml": f"include: [a.yaml]\n{WEB}"}, [], "a.yaml, included here, is not there"),
    ],
)
def test_what_is_not_at_hand(tmp_path: Path, files: dict[str, str], paths: list[str], message: str) -> None:
    (tmp_path / "b.yaml").write_text("services: {outside: {image: o}}")
    scanned = Scanned(tmp_path, files, *paths)
    [said] = scanned.said
    assert said.endswith(message)
    assert [service.name for service in scanned.projects[0].services] == ["web"]
    assert scanned.projects[0].incomplete


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("services: {outside: {image: o}}")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/link.yaml").symlink_to(tmp_path / "outside.yaml")
    scanned = Scanned(tmp_path, {"compose.yaml": f"include: [link.yaml]\n{WEB}"})
    assert [service.name for service in scanned.projects[0].services] == ["web"]


def test_files_of_any_name(tmp_path: Path) -> None:
    """A name that says nothing: the file is read because a Compose file refers to it."""
    scanned = Scanned(
        tmp_path,
        {
            "compose.yaml": "include: [parts/all.yml]\nservices: {web: {image: w, env_file: settings}}",
            "parts/all.yml": "include: [one.txt]",
            "parts/one.txt": "services: {one: {image: o, user: u}}",
            "settings": "A=1",
            "other.txt": "services",
        },
    )
    [project] = scanned.projects
    assert project.files == ("compose.yaml", "parts/all.yml", "parts/one.txt")
    assert [name for service in project.services for name, _ in service.environment] == ["A"]
    assert not scanned.said
    assert scanned.discovery.ignored == 1


def test_archive(tmp_path: Path) -> None:
    scanned = Scanned(tmp_path, {"compose.yaml": "include: [a.yaml]", "a.yaml": WEB, ".env": "A=1"})
    with tarfile.open(tmp_path / "shop.tar", "w") as archive:
        archive.add(scanned.folder, "shop")
    site = build(discover([str(tmp_path / "shop.tar")]), Config())[0]
    [project] = [project for host in site.hosts for project in host.projects]
    assert (project.name, project.files) == ("shop", ("shop/compose.yaml", "shop/a.yaml"))


@pytest.mark.parametrize(
    ("files", "projects"),
    [
        (("compose.yaml: [a.yaml]", "a.yaml: []"), [["compose.yaml", "a.yaml"]]),
        (("compose.yaml: [sub/compose.yaml]", "sub/compose.yaml: []"), [["compose.yaml", "sub/compose.yaml"]]),
        (
            ("compose.yaml: [common.yaml]", "other.yaml: [common.yaml]", "common.yaml: []"),
            [["compose.yaml", "common.yaml"], ["other.yaml", "common.yaml"]],
        ),
        (("a.yaml: [compose.yaml]", "compose.yaml: [a.yaml]"), [["compose.yaml", "a.yaml"]]),
        (("b.yaml: [b.yaml]",), [["b.yaml"]]),
        (
            ("compose.yaml: [sub/compose.yaml]", "sub/compose.yaml: []", "sub/compose.override.yaml: []"),
            [["compose.yaml", "sub/compose.yaml"], ["sub/compose.override.yaml"]],
        ),
    ],
)
def test_projects(tmp_path: Path, files: tuple[str, ...], projects: list[list[str]]) -> None:
    texts = {
        path: f"include: {names}\nservices: {{s{number}: {{image: x}}}}"
        for number, (path, names) in enumerate(file.split(": ") for file in files)
    }
    scanned = Scanned(tmp_path, texts)
    assert [list(project.files) for project in scanned.projects] == projects


def test_what_is_extended_is_a_project_if_compose_takes_it(tmp_path: Path) -> None:
    body = "services: {s: {extends: {file: ../%s, service: b}}}"
    scanned = Scanned(
        tmp_path,
        {
            "a/compose.yaml": body % "compose.yaml",
            "b/compose.yaml": body % "base.yaml",
            "compose.yaml": "services: {b: {image: b}}",
            "base.yaml": "services: {b: {image: b}}",
        },
    )
    assert [project.files for project in scanned.projects] == [
        ("a/compose.yaml", "compose.yaml"),
        ("b/compose.yaml", "base.yaml"),
        ("compose.yaml",),
    ]


def test_hosts_share_a_file(tmp_path: Path) -> None:
    address = "1: lo: <LOOPBACK> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n"
    scanned = Scanned(
        tmp_path,
        {
            "h1/ip-addr.txt": address,
            "h1/compose.yaml": "include: [../common.yaml]",
            "h2/ip-addr.txt": address,
            "h2/compose.yaml": "include: [../common.yaml]",
            "common.yaml": "services: {web: {image: w, ports: ['70000:80', '80:80']}}",
        },
    )
    assert [(host.name, [len(one.services) for one in host.projects]) for host in scanned.site.hosts] == [
        ("h1", [1]),
        ("h2", [1]),
    ]
    assert scanned.said == ["port 70000 is not between 0 and 65535"]


def test_environment_files_without_compose_are_ignored(tmp_path: Path) -> None:
    scanned = Scanned(tmp_path, {"app/.env": "A=1", "compose.yaml": WEB})
    run = check(scanned.discovery, [], Config())
    assert ([file.path for file in run.coverage.files], run.coverage.ignored) == (["compose.yaml"], 1)
    alone = Scanned(tmp_path / "b", {".env": "A=1"})
    assert (alone.discovery.inputs, alone.discovery.ignored) == ([], 1)


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": "include: [c0.yaml]", "c40.yaml": WEB}
        | {f"c{n}.yaml": f"include: [c{n + 1}.yaml, ./c{n + 1}.yaml]" for n in range(40)},
        {f"c{n}.yaml": f"include: [c{n + 1}.yaml]\nservices: {{s{n}: {{image: x}}}}" for n in range(200)}
        | {"c200.yaml": WEB},
        {f"c{n}-compose.yaml": f"include: {[f'c{m}-compose.yaml' for m in range(30)]}" for n in range(30)},
        {f"c{n}.yaml": f"services: {{s: {{extends: {{file: c{n + 1}.yaml, service: s}}}}}}" for n in range(200)},
        {"compose.yaml": "services:\n" + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(2000))},
        {
            "compose.yaml": f"services:\n  b: {{image: x, environment: {MANY}}}\n"
            + "".join(f"  s{n}: {{extends: b}}\n" for n in range(1000))
        },
    ],
    ids=["2^40", "a long chain", "each all", "files that extend", "services that extend", "much to inherit"],
)
def test_hostile(tmp_path: Path, files: dict[str, str]) -> None:
    scanned = Scanned(tmp_path, files)
    assert any("too many" in said or "extend" in said or "includes itself" in said for said in scanned.said)


NAMES = st.sampled_from(["a.yaml", "b.yaml", "./c.yaml", "../a.yaml", "$A", "${A:-b.yaml}", "/", ".", "", "x://y"])
FILES = st.sampled_from("include path env_file project_directory services a b extends file service".split())
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FILES, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200)
@given(st.lists(st.dictionaries(FILES, TREES, max_size=4), min_size=3, max_size=3), st.text("A=a.yml'\n ", max_size=20))
def test_every_structure_is_loaded(trees: list[dict[str, object]], variables: str) -> None:
    sources = [Source(f"{name}.yaml", json.dumps(tree)) for name, tree in zip("abc", trees, strict=True)]
    parsed = [Parsed(source, "compose", yaml.parse(source)[0]) for source in sources]
    env = Source(".env", variables)
    facts = HostFacts(None)
    build_projects([*parsed, Parsed(env, "env-file", dotenv.parse(env)[0])], facts)
    known = {source.path: source for source in sources}
    for problem in (*facts.unreadable, *facts.not_understood):
        assert problem.span.end <= len(known[problem.span.source].text)
