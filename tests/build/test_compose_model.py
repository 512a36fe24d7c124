"""Services and networks of one Compose file, and what is wrong in it, as docker compose 2.40.3 has it."""

from __future__ import annotations

import pytest

from netlint.build.compose import build_projects
from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import Project, Service
from netlint.model.network import Network
from netlint.parse.yaml import parse
from netlint.source import Source, Span


class Built:
    """The project and the problems of a file, with its text."""

    def __init__(self, text: str) -> None:
        self.source = Source("shop/compose.yaml", text)
        self.facts = HostFacts(None)
        tree, problems = parse(self.source)
        assert not problems
        build_projects([Parsed(self.source, "compose", tree)], self.facts)

    def text(self, span: Span) -> str:
        return self.source.slice(span)

    @property
    def project(self) -> Project:
        [project] = self.facts.projects
        return project

    @property
    def problems(self) -> list[tuple[str, str]]:
        return [(self.text(problem.span), problem.message) for problem in self.facts.unreadable]

    def service(self, name: str) -> Service:
        service = self.project.service(name)
        assert service is not None
        return service

    def network(self, key: str) -> Network:
        network = self.project.network(key)
        assert network is not None
        return network


def test_service() -> None:
    result = Built("""
services:
  web:
    image: "example/web:${TAG:-1}"
    container_name: web-1
    network_mode: host
    scale: 1
    command: --listen 0.0.0.0:80 "two words"
    environment:
      A: 1
      B: "${B:-b}"
      C:
      D: ${D}
      E: true
    labels: [a=b=c, d]
    dns: 10.0.0.53
    profiles: [one, two]
""")
    web = result.service("web")
    assert result.text(web.span) == "web"
    assert web.image is not None
    assert (web.image.value, web.image.exact) == ("example/web:1", False)
    assert web.container_name is not None
    assert web.container_name.value == "web-1"
    assert web.mode is not None
    assert (web.mode.value, web.attachments) == ("host", ())
    assert web.replicas is not None
    assert web.replicas.value == 1
    assert [(word.value, result.text(word.span)) for word in web.command] == [
        ("--listen", "--listen"),
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("two words", "two words"),
    ]
    assert [(name, value.value, value.exact) for name, value in web.environment] == [
        ("A", "1", True),
        ("B", "b", False),
        ("C", "", False),
        ("D", "${D}", False),
        ("E", "true", True),
    ]
    assert [(name, value.value, result.text(value.span)) for name, value in web.labels] == [
        ("a", "b=c", "b=c"),
        ("d", "", "d"),
    ]
    assert [server.value for server in web.dns] == ["10.0.0.53"]
    assert web.profiles == ("one", "two")
    assert not result.problems


def test_environment_as_a_list() -> None:
    result = Built("services: {web: {image: x, environment: ['URL=http://${HOST:-db}:80/?a=b', EMPTY=, OPEN]}}")
    assert [
        (name, value.value, value.exact, result.text(value.span)) for name, value in result.service("web").environment
    ] == [
        ("URL", "http://db:80/?a=b", False, "http://${HOST:-db}:80/?a=b"),
        ("EMPTY", "", True, "EMPTY"),
        ("OPEN", "", False, "OPEN"),
    ]


@pytest.mark.parametrize(
    ("body", "replicas"),
    [
        ("deploy: {replicas: 2}", 2),
        ("scale: '2'", 2),
        ("deploy: {replicas: '${N:-4}'}", 4),
        ("deploy: {replicas: '${N}'}", None),
        ("deploy: {mode: global}", None),
    ],
)
def test_replicas(body: str, replicas: int | None) -> None:
    found = Built(f"services: {{web: {{image: x, {body}}}}}").service("web").replicas
    assert (found.value if found is not None else None) == replicas


@pytest.mark.parametrize(
    ("networks", "attachments"),
    [
        ("", [("default", "web", True)]),
        ("networks: []", [("default", "web", True)]),
        ("networks: {}", [("default", "web", True)]),
        ("networks: [default]", [("default", "default", False)]),
        ("networks: [front, 'back']", [("front", "front", False), ("back", "back", False)]),
        ("networks: {front: , back: {}}", [("front", "front", False), ("back", "back", False)]),
        ("networks: ['${N:-front}']", [("front", "${N:-front}", False)]),
        ("networks: ['${N}']", []),
        ("network_mode: none", []),
        ("network_mode: '${MODE}'", []),
        ("network_mode: '${MODE:-}'", [("default", "web", True)]),
        ("network_mode: bridge\n    networks: [front]", [("front", "front", False)]),
        ("provider: {type: x}", []),
    ],
)
def test_attachments(networks: str, attachments: list[tuple[str, str, bool]]) -> None:
    result = Built(f"services:\n  web:\n    image: x\n    {networks}\nnetworks: {{front: , back: }}\n")
    found = [(one.network, result.text(one.span), one.implicit) for one in result.service("web").attachments]
    assert found == attachments
    assert [network.key for network in result.facts.networks] == [
        key for key in ("front", "back", "default") if key in [name for name, _, _ in attachments]
    ]
    assert not result.problems


def test_attachment_in_full() -> None:
    result = Built("""
services:
  web:
    image: x
    networks:
      front:
        aliases: [www, "${ALIAS:-shop}"]
        ipv4_address: 10.1.0.5
        ipv6_address: "fd00::5"
        mac_address: 02:42:ac:11:65:43
networks:
  front:
""")
    [front] = result.service("web").attachments
    assert front.aliases == ("www", "shop")
    assert front.ipv4 is not None
    assert (str(front.ipv4.value), result.text(front.ipv4.span)) == ("10.1.0.5", "10.1.0.5")
    assert front.ipv6 is not None
    assert (str(front.ipv6.value), result.text(front.ipv6.span)) == ("fd00::5", "fd00::5")


def test_version_1() -> None:
    result = Built("web:\n  image: x\n  ports: ['80:80']\n  links: [db]\ndb:\n  build: .\n  net: host\n")
    assert [service.name for service in result.project.services] == ["web", "db"]
    assert [service.attachments for service in result.project.services] == [(), ()]
    assert len(result.service("web").ports) == 1
    mode = result.service("db").mode
    assert mode is not None
    assert mode.value == "host"
    assert (result.project.networks, result.problems) == ((), [])


def test_network() -> None:
    result = Built("""
services: {web: {image: x, networks: [front]}}
networks:
  front:
    name: shop-front
    driver: overlay
    driver_opts:
      com.docker.network.driver.mtu: 1400
      encrypted: "true"
    internal: true
    attachable: "yes"
    enable_ipv6: ${V6:-false}
    labels: {a: b}
    ipam:
      driver: default
      config:
        - subnet: 10.1.0.0/16
          gateway: 10.1.0.1
          ip_range: 10.1.4.0/24
          aux_addresses: {router: 10.1.0.2, broken: 10.1.0}
        - subnet: "fd00:1::/64"
""")
    front = result.network("front")
    assert (front.name, front.key, front.project, front.external) == ("shop-front", "front", "shop", False)
    assert (front.driver, front.scope, front.internal, front.attachable) == ("overlay", "swarm", True, True)
    assert front.driver_span is not None
    assert (result.text(front.span), result.text(front.driver_span)) == ("front", "overlay")
    mtu = front.option("com.docker.network.driver.mtu")
    assert mtu is not None
    assert (mtu.value, result.text(mtu.span)) == ("1400", "1400")
    assert front.ipv6 is not None
    assert (front.ipv6.value, front.ipv6.exact) == (False, False)
    assert front.labels == (("a", "b"),)
    first, second = front.subnets
    assert (str(first.prefix), result.text(first.span)) == ("10.1.0.0/16", "10.1.0.0/16")
    assert first.gateway is not None
    assert first.ip_range is not None
    assert (str(first.gateway.value), str(first.ip_range.value)) == ("10.1.0.1", "10.1.4.0/24")
    assert [(name, str(address.value)) for name, address in first.reserved] == [("router", "10.1.0.2")]
    assert str(second.prefix) == "fd00:1::/64"
    assert result.problems == [("10.1.0", "auxiliary address broken 10.1.0 of network front is no address")]
    assert result.facts.networks == [front]


@pytest.mark.parametrize(
    ("body", "name", "external"),
    [
        ("", "shop_n", False),
        ("{}", "shop_n", False),
        ("{name: own}", "own", False),
        ("{name: '${NAME:-own}'}", "own", False),
        ("{external: true}", "n", True),
        ("{external: true, name: own}", "own", True),
        ("{external: {name: own}}", "own", True),
        ("{external: {}}", "n", True),
        ("{external: false}", "shop_n", False),
        ("{external: '${X:-true}', name: own}", "own", True),
        ("{external: $X, name: own}", "own", True),
        ("{external: true, ipam: {config: [{subnet: banana}]}}", "n", True),
    ],
)
def test_network_names(body: str, name: str, external: bool) -> None:
    result = Built(f"services: {{web: {{image: x, networks: [n]}}}}\nnetworks:\n  n: {body}\n")
    assert [(network.name, network.external, network.subnets) for network in result.facts.networks] == [
        (name, external, ())
    ]
    assert not result.problems


def test_unused_networks_are_of_the_project_alone() -> None:
    result = Built("services: {web: {image: x}}\nnetworks: {spare: }\n")
    assert [network.key for network in result.project.networks] == ["spare", "default"]
    assert [result.project.uses(key) for key in ("spare", "default")] == [False, True]
    assert [network.key for network in result.facts.networks] == ["default"]


def test_undeclared_networks_are_left_to_the_rules() -> None:
    result = Built("services: {web: {image: x, networks: [front]}}\n")
    assert (result.project.networks, result.problems) == ((), [])


def test_declared_default_network() -> None:
    result = Built("services: {web: {image: x}}\nnetworks: {default: {name: own, driver: bridge}}\n")
    assert [(network.key, network.name) for network in result.facts.networks] == [("default", "own")]


@pytest.mark.parametrize(
    ("subnet", "prefix", "exact", "is_open"),
    [
        ("10.1.0.0/24", "10.1.0.0/24", True, False),
        ("10.1.0.5/24", "10.1.0.0/24", True, False),
        ("${NET:-172.22.1}.0/24", "172.22.1.0/24", False, False),
        ("${NET:-172.22.1.0/24}", "172.22.1.0/24", False, False),
        ("${NET}", None, None, True),
        ("${NET}.0/24", None, None, True),
        ("${NET:?}/24", None, None, True),
        ("${NET:-}", None, None, False),
        ("${NET:-banana}", None, None, False),
        ("''", None, None, False),
    ],
)
def test_subnets_with_variables(subnet: str, prefix: str | None, exact: bool | None, is_open: bool) -> None:
    result = Built(f"""
services: {{web: {{image: x}}}}
networks:
  default:
    ipam:
      config:
        - subnet: {subnet}
""")
    network = result.network("default")
    assert [(str(one.prefix), one.written.exact) for one in network.subnets] == (
        [] if prefix is None else [(prefix, exact)]
    )
    assert all(result.text(one.span) == subnet for one in network.subnets)
    assert network.subnets_open is is_open
    assert not result.problems


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[a]", "[a]", "a Compose file is a mapping with the key services"),
        ("services: [a]", "[a]", "services is a list, not a mapping"),
        ("services: {web: x}", "x", "service web is a single value, not a mapping"),
        ("services: {web: {image: x, ports: '80'}}", "'80'", "ports of service web is a single value, not a list"),
        ("services: {web: {image: x, networks: a}}", "a", "networks of service web is a single value, not a mapping"),
        ("networks: [a]", "[a]", "networks is a list, not a mapping"),
        ("networks: {a: b}", "b", "network a is a single value, not a mapping"),
        ("networks: {a: {ipam: {config: {b: c}}}}", "{b: c}", "ipam config of network a is a mapping, not a list"),
        (
            "networks: {a: {ipam: {config: [b]}}}",
            "b",
            "an entry in the ipam config of network a is a single value, not a mapping",
        ),
        ("services: {web: {image: '${X!}'}}", "${X!}", "a variable is not written as Compose reads it"),
        (
            "services: {web: {image: x, networks: {a: {ipv4_address: 10.0.0.256}}}}",
            "10.0.0.256",
            "ipv4_address 10.0.0.256 of service web on network a is no address",
        ),
        (
            "services: {web: {image: x, networks: {a: {ipv4_address: 'fd00::1'}}}}",
            "fd00::1",
            "ipv4_address fd00::1 of service web on network a is no IPv4 address",
        ),
    ],
)
def test_problems(text: str, place: str, message: str) -> None:
    assert Built(text).problems == [(place, message)]


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("subnet", "banana", "is no prefix"),
        ("subnet", "10.0.0.0/33", "is no prefix"),
        ("subnet", "10.0.0.0/255.0.0.0", "is no prefix"),
        ("subnet", "10.0.0.0", "has no prefix length"),
        ("subnet", "fd00::1%eth0/64", "is no prefix"),
        ("gateway", "10.0.0.1/24", "is no address"),
        ("ip_range", "x", "is no prefix"),
    ],
)
def test_problems_of_ipam(key: str, value: str, fault: str) -> None:
    result = Built(f"networks: {{a: {{ipam: {{config: [{{{key}: '{value}'}}]}}}}}}")
    assert result.problems == [(value, f"{key} {value} of network a {fault}")]


@pytest.mark.parametrize(
    "text",
    [
        "version: '3'\nx-a: [1]\nservices: {web: {image: x, x-b: 1}}\nvolumes: {a: }\n",
        "services: {web: {ports: , unheard_of: 1}}",
        "services: {web: {image: x, networks: {a: {ipv4_address: $IP}}}}\nnetworks: {a: }\n",
        "services: {web: {image: x, networks: {a: {ipv4_address: '${IP:-banana}'}}}}\nnetworks: {a: }\n",
        "services: {web: {image: x, environment: {A: $$B, C: '$(d)'}}}",
        "networks: {a: {ipam: {driver: default}}}",
        "networks: {a: {ipam: {config: [{}]}}}",
        "networks: {a: {ipam: {config: []}}}",
        "services: {web: {image: x, ports: []}}",
    ],
)
def test_no_problems(text: str) -> None:
    assert Built(text).problems == []


def test_a_problem_behind_an_anchor_is_one() -> None:
    text = "x-ports: &p {ports: ['70000:80']}\nservices: {a: {<<: *p, image: x}, b: {<<: *p, image: x}}\n"
    assert Built(text).problems == [("70000", "port 70000 is not between 0 and 65535")]
