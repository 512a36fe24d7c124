"""Compose files to projects. Names, merging and what is refused were measured with docker compose 2.40.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.build.compose import build_projects, normalised
from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import Project, Service
from netlint.model.network import Network
from netlint.parse.yaml import parse
from netlint.source import Source, Span


class Built:
    """Projects and problems of some files, with their texts."""

    def __init__(self, files: dict[str, str], name: str | None = None) -> None:
        self.sources = {path: Source(path, text) for path, text in files.items()}
        self.facts = HostFacts(name)
        parsed = []
        for source in self.sources.values():
            tree, problems = parse(source)
            self.facts.problems(problems)
            parsed.append(Parsed(source, "compose", tree))
        build_projects(parsed, self.facts)

    def text(self, span: Span) -> str:
        return self.sources[span.source].slice(span)

    @property
    def project(self) -> Project:
        [project] = self.facts.projects
        return project

    def service(self, name: str) -> Service:
        service = self.project.service(name)
        assert service is not None
        return service

    def network(self, key: str) -> Network:
        network = self.project.network(key)
        assert network is not None
        return network


def built(text: str, path: str = "shop/compose.yaml") -> Built:
    return Built({path: text})


def merged(base: str, override: str) -> Built:
    return Built({"shop/compose.yaml": base, "shop/compose.override.yaml": override})


# Projects


@pytest.mark.parametrize(
    ("path", "host", "text", "name"),
    [
        ("shop/compose.yaml", None, "", "shop"),
        ("a/My Shop.v2/compose.yaml", None, "", "myshopv2"),
        ("a/_-Shop_1/compose.yaml", None, "", "shop_1"),
        ("compose.yaml", "hostA", "", "hosta"),
        ("compose.yaml", None, "", "default"),
        ("日本/compose.yaml", None, "", "default"),
        ("shop/compose.yaml", None, "name: store\n", "store"),
        ("shop/compose.yaml", None, "name: ''\n", "shop"),
        ("shop/compose.yaml", None, "name: ${NAME:-store}\n", "store"),
        ("shop/compose.yaml", None, "name: ${NAME}\n", "shop"),
    ],
)
def test_project_name(path: str, host: str | None, text: str, name: str) -> None:
    result = Built({path: f"{text}services: {{web: {{image: x}}}}\n"}, host)
    assert result.project.name == name
    assert [network.name for network in result.facts.networks] == [f"{name}_default"]


def test_project_span() -> None:
    for text, place in (("services: {}\n", "services"), ("name: 'shop'\nservices: {}\n", "shop")):
        result = built(text)
        assert result.text(result.project.span) == place


def test_normalised() -> None:
    assert normalised("__-A b.C") == "abc"


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["compose.yaml"], [["compose.yaml"]]),
        (["compose.override.yaml", "compose.yaml"], [["compose.yaml", "compose.override.yaml"]]),
        (
            ["docker-compose.yml", "docker-compose.override.yml"],
            [["docker-compose.yml", "docker-compose.override.yml"]],
        ),
        # stems need not agree
        (["docker-compose.yml", "compose.override.yaml"], [["docker-compose.yml", "compose.override.yaml"]]),
        (["docker-compose.yml", "compose.yml"], [["docker-compose.yml"], ["compose.yml"]]),
        (["docker-compose.yml", "docker-compose.prod.yml", "stack.yml"], 3),
        (["compose.override.yaml"], [["compose.override.yaml"]]),
    ],
)
def test_files_of_a_project(names: list[str], groups: list[list[str]] | int) -> None:
    result = Built({f"shop/{name}": "services: {web: {image: x}}" for name in names})
    files = [list(project.files) for project in result.facts.projects]
    expected = [[name] for name in names] if isinstance(groups, int) else groups
    assert files == [[f"shop/{name}" for name in group] for group in expected]


def test_folders_are_projects_of_their_own() -> None:
    result = Built(
        {"a/compose.yaml": "services: {}", "b/compose.override.yaml": "services: {}", "compose.yaml": "services: {}"}
    )
    assert [project.files for project in result.facts.projects] == [
        ("a/compose.yaml",),
        ("b/compose.override.yaml",),
        ("compose.yaml",),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "a: [\n"])
def test_nothing_to_build(text: str) -> None:
    assert built(text).facts.projects == []


@pytest.mark.parametrize(
    ("body", "partial"),
    [
        ("image: x", False),
        ("build: .", False),
        ("extends: {service: y}", False),
        ("provider: {type: x}", False),
        ("ports: ['80:80']", True),
    ],
)
def test_partial(body: str, partial: bool) -> None:
    assert built(f"services: {{web: {{{body}}}}}").project.partial is partial


def test_duplicate_keys() -> None:
    result = built("services:\n  web:\n    image: a\n    image: b\n")
    [key] = result.project.duplicate_keys
    assert (key.name, key.first.start, key.again.start) == ("image", 21, 34)
    assert not result.facts.unreadable


# Merging


def test_lists_append_and_scalars_replace() -> None:
    result = merged(
        "services: {web: {image: a, ports: ['80:80', '81:81'], profiles: [p], command: [a, b], dns: 10.0.0.1}}",
        "services: {web: {image: b, ports: ['82:82', {target: 80, published: '80'}], command: c d, dns: [10.0.0.2],"
        " profiles: }}",
    )
    web = result.service("web")
    assert web.image is not None
    assert (web.image.value, web.image.span.source) == ("b", "shop/compose.override.yaml")
    assert [(str(port.published), port.span.source) for port in web.ports] == [
        ("80", "shop/compose.override.yaml"),
        ("81", "shop/compose.yaml"),
        ("82", "shop/compose.override.yaml"),
    ]
    assert [word.value for word in web.command] == ["c", "d"]
    assert [server.value for server in web.dns] == ["10.0.0.1", "10.0.0.2"]
    assert web.profiles == ("p",)
    assert web.span.source == "shop/compose.yaml"


def test_lists_of_pairs_and_mappings_meet() -> None:
    result = merged(
        "services: {web: {image: x, environment: [A=1, B=2], labels: {a: 1}, networks: [a]}}\nnetworks: {a: }\n",
        "services: {web: {environment: {A: 3, C: }, labels: [a=b, c], networks: {b: {aliases: [q]}}}}\n"
        "networks: {b: }\n",
    )
    web = result.service("web")
    assert [(name, value.value) for name, value in web.environment] == [("A", "3"), ("B", "2"), ("C", "")]
    assert [(name, value.value) for name, value in web.labels] == [("a", "b"), ("c", "")]
    assert [(one.network, one.aliases) for one in web.attachments] == [("a", ()), ("b", ("q",))]
    assert [network.key for network in result.facts.networks] == ["a", "b"]


def test_ipam_config_is_replaced_and_lent() -> None:
    base = (
        "services: {web: {image: x}}\nnetworks: {default: {ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]}}}"
    )
    for subnet, gateway in (("10.1.0.0/24", "10.1.0.1"), ("10.2.0.0/24", None)):
        result = merged(base, f"networks: {{default: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}}}")
        [found] = result.network("default").subnets
        assert str(found.prefix) == subnet
        assert (str(found.gateway.value) if found.gateway is not None else None) == gateway


@pytest.mark.parametrize(
    ("override", "ports", "keys"),
    [
        ("services: {web: {ports: !reset []}}", [], ["a"]),
        ("services: {web: {ports: !override ['82:82']}}", ["82"], ["a"]),
        ("services: {web: {ports: }}", ["80"], ["a"]),
        ("services: {web: !reset , db: {image: x}}", [], ["default"]),
        ("services: {web: !override {image: y}}", [], ["default"]),
        ("services: {web: {networks: !override [b]}}\nnetworks: {b: }", ["80"], ["b"]),
        ("services: {web: {network_mode: host, networks: !reset []}}", ["80"], []),
    ],
)
def test_reset_and_override(override: str, ports: list[str], keys: list[str]) -> None:
    result = merged("services: {web: {image: x, ports: ['80:80'], networks: [a]}}\nnetworks: {a: }\n", override)
    assert [str(port.published) for service in result.project.services for port in service.ports] == ports
    assert [network.key for network in result.facts.networks] == keys


def test_reset_in_the_base() -> None:
    result = built("services: {web: {image: x, ports: !reset ['80:80'], deploy: {replicas: !reset 2}}}")
    web = result.service("web")
    assert (web.ports, web.replicas) == ((), None)


def test_documents_of_a_file_lie_over_each_other() -> None:
    result = built("services: {web: {image: x}}\n---\nservices: {web: {ports: [80]}}\n")
    assert [str(port.target) for port in result.service("web").ports] == ["80"]


# Anything else

KEYS = st.sampled_from(
    "services networks web front default image ports ipam config subnet gateway external name environment deploy "
    "replicas target published aliases ipv4_address driver_opts command network_mode <<".split()
)
LEAVES = (
    st.none() | st.integers() | st.booleans() | st.sampled_from(["80:80", "${X:-1}", "$X", "${", "10.0.0.0/8", "::1"])
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


@given(st.dictionaries(KEYS, TREES, max_size=4), st.dictionaries(KEYS, TREES, max_size=4))
def test_every_structure_is_read(base: dict[str, object], override: dict[str, object]) -> None:
    result = merged(flow(base), flow(override))
    for problem in result.facts.unreadable:
        assert problem.message
        assert result.text(problem.span) or problem.span.start == problem.span.end
    for project in result.facts.projects:
        for service in project.services:
            assert result.text(service.span) == service.name
            for port in service.ports:
                assert result.text(port.span)


def flow(value: object) -> str:
    """The value as YAML in flow style."""
    match value:
        case None:
            return "null"
        case dict():
            return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str():
            return f"'{value}'"
        case _:
            return str(value).lower()
