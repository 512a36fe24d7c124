"""What Compose 2.40.3 refuses of services that do not fit together, in which place and words netlint says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, reference
from tests.build.test_compose_shape import reported

REFUSED = [
    (
        "services: {web: {image: x, depends_on: [db]}}",
        "db",
        "service web depends on db, which is not defined",
    ),
    (
        "services: {web: {image: x, depends_on: {db: {condition: service_started, required: false}}}}",
        "db",
        "service web depends on db, which is not defined",
    ),
    ("services: {web: {image: x, links: ['db:d']}}", "db:d", "service web links to db, which is not defined"),
    (
        "services: {web: {image: x, network_mode: 'service:vpn'}}",
        "service:vpn",
        "service web shares the network of vpn, which is not defined",
    ),
    (
        "services: {web: {image: x, depends_on: [web]}}",
        "web",
        "services wait for each other in a circle: web > web",
    ),
    (
        "services: {a: {image: x, depends_on: [b]}, b: {image: x, links: [c]}, c: {image: x, network_mode: 'service:a'}}",
        "service:a",
        "services wait for each other in a circle: a > b > c > a",
    ),
    (
        "services: {web: {image: x, container_name: the-web, scale: 2}}",
        "the-web",
        "service web has 2 replicas and one container name: names are unique",
    ),
    ("services: {web: {image: x, container_name: w}}", "w", "'w' is no name for a container"),
    (
        "services: {a: {image: x, container_name: name}, b: {image: x, container_name: name}}",
        "name",
        "container name name of service b is that of service a too",
    ),
    (
        "services: {a: {image: x, container_name: nn, profiles: [p]}, b: {image: x, container_name: nn, profiles: [q, p]}}",
        "nn",
        "container name nn of service b is that of service a too",
    ),
    ("services: {web: {image: x}}\nx-a: '${A B}'", "${A B}", "a variable is not written as Compose reads it"),
    ("services: {web: {image: x, volumes: ['${1}:/x']}}", "${1}", "a variable is not written as Compose reads it"),
]


@pytest.mark.parametrize(("text", "place", "message"), REFUSED)
def test_refused(text: str, place: str, message: str) -> None:
    assert [(where, said) for where, said, _ in reported(text)] == [(place, message)]


@pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)
@pytest.mark.parametrize("text", [text for text, _, _ in REFUSED])
def test_compose_refuses(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused):
        reference(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: x, depends_on: [db]}, db: {image: x, profiles: [p]}}",  # a profile may be on
        "services: {web: {image: x, container_name: '${N}'}, db: {image: x, container_name: '${N}'}}",
        "services: {web: {image: x, container_name: web, scale: 0}}",
        "services: {a: {image: x, container_name: n1, profiles: [p]}, b: {image: x, container_name: n1, profiles: [q]}}",
        "services: {a: {image: x, depends_on: [c]}, b: {image: x, depends_on: [c, a]}, c: {image: x}}",
    ],
)
def test_accepted(text: str) -> None:
    assert not reported(text)
