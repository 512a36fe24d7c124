"""What a Compose file says besides its services: its version, keys out of place, variables that nothing sets."""

from __future__ import annotations

from netlint.build.compose import build_projects
from netlint.build.facts import HostFacts, Parsed
from netlint.parse.yaml import parse
from netlint.source import Source, Span


class Built:
    """The project of a file, with its text."""

    def __init__(self, text: str) -> None:
        self.source = Source("shop/compose.yaml", text)
        facts = HostFacts(None)
        tree, problems = parse(self.source)
        assert not problems
        build_projects([Parsed(self.source, "compose", tree)], facts)
        [self.project] = facts.projects

    def text(self, span: Span) -> str:
        return self.source.slice(span)


def test_version_and_priority() -> None:
    result = Built("version: '3.3'\nservices:\n  web:\n    image: a\n    networks:\n      front: {gw_priority: 2}\n"
                   "networks:\n  front: {}\n")  # fmt: skip
    assert result.project.version is not None
    assert result.project.version.value == "3.3"
    [service] = result.project.services
    [attachment] = service.attachments
    assert attachment.gw_priority is not None
    assert attachment.gw_priority.value == 2


def test_misplaced_keys() -> None:
    result = Built("""
services:
  web:
    image: a
    ipv4_address: 10.0.0.9
    networks: [front]
networks:
  front:
    gateway: 10.0.0.1
    ipam:
      ip_range: 10.0.0.0/25
      config:
        - subnet: 10.0.0.0/24
        - gateway: 10.0.0.1
  other:
    ipam:
      config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]
""")
    found = [(key.name, key.owner, key.where.name, key.beside and result.text(key.beside))
             for key in result.project.misplaced]  # fmt: skip
    assert found == [
        ("ipv4_address", "service web", "SERVICE", None),
        ("gateway", "network front", "NETWORK", None),
        ("ip_range", "network front", "IPAM", None),
        ("gateway", "network front", "ENTRY", "10.0.0.0/24"),
    ]
    assert all(result.text(key.span) == key.name for key in result.project.misplaced)


def test_unset_variables() -> None:
    result = Built("""
services:
  web:
    image: ${IMAGE}
    ports:
      - ${IP}:${HOST:-80}:${TARGET}
      - {target: 81, published: $LONG, host_ip: "${DEMANDED:?}"}
    networks:
      front:
        ipv4_address: ${NET}.9
networks:
  front:
    ipam:
      config:
        - subnet: ${NET:-10.0.0}.0/24
          gateway: $GATEWAY
""")
    found = {(one.name, one.key, one.owner, one.part, one.default and result.text(one.default))
             for one in result.project.unset}  # fmt: skip
    assert found == {
        ("IP", "ports", "service web", "address", None),
        ("TARGET", "ports", "service web", "target", None),
        ("LONG", "ports", "service web", "published", None),
        ("NET", "ipv4_address", "service web on network front", "middle", "${NET:-10.0.0}.0/24"),
        ("GATEWAY", "gateway", "network front", "", None),
    }
    assert {result.text(one.span) for one in result.project.unset} == {
        "${IP}",
        "${TARGET}",
        "$LONG",
        "${NET}",
        "$GATEWAY",
    }
    assert not any(one.looked_up for one in result.project.unset), "no .env file was given"
