"""What Compose's schema refuses, and only that."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from netlint.build.compose import build_projects
from netlint.build.compose_shape import _TABLES
from netlint.build.facts import HostFacts, Parsed
from netlint.parse.yaml import parse
from netlint.source import Source
from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, reference
from tests.build.test_compose_oracle import COMPLETE

# One value of each kind.
VALUES = {"M": "{}", "L": "[]", "S": "aa", "N": "1", "B": "true", "0": ""}


def reported(text: str) -> list[tuple[str, str, str]]:
    """Problems and what is not understood: place, message and help of each."""
    source = Source("shop/compose.yaml", text)
    tree, problems = parse(source)
    facts = HostFacts(None)
    facts.problems(problems)
    build_projects([Parsed(source, "compose", tree)], facts)
    return [(source.slice(one.span), one.message, one.help) for one in (*facts.unreadable, *facts.not_understood)]


SERVICE = "services: {{web: {{image: x, {}}}}}"
NETWORK = "services: {{web: {{image: x, networks: [n]}}}}\nnetworks: {{n: {{{}}}}}"
UNKNOWN = ", which Compose 2.40 does not know"
EMPTY = "Compose refuses a key without a value: remove it, or give it one"
NAME = "it takes letters, digits, dots, dashes and underscores"
QUOTES = "write it in quotes"


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        (
            "services: {web: {image: x}}\nnetwork: {a: }",
            "network",
            "the file has a key network" + UNKNOWN,
            "did you mean networks?",
        ),
        (
            "services: {web: {image: x}}\njobs: 1",
            "jobs",
            "the file has a key jobs" + UNKNOWN,
            "keys for other programs begin with x-",
        ),
        ("services: {web: }", "web", "service web is empty", ""),
        ("services: ", "services", "services is empty", EMPTY),
        ("version: 3.8\nservices: {web: {image: x}}", "3.8", "version is a number, not a text", QUOTES),
        (
            SERVICE.format("port: [80]"),
            "port",
            "service web has a key port" + UNKNOWN,
            "did you mean ports?",
        ),
        (
            SERVICE.format("env-file: a"),
            "env-file",
            "service web has a key env-file" + UNKNOWN,
            "did you mean env_file?",
        ),
        (SERVICE.format("pre_start: []"), "pre_start", "service web has a key pre_start" + UNKNOWN, ""),
        (SERVICE.format("ports: "), "ports", "ports of service web is empty", EMPTY),
        (SERVICE.format("user: 1000"), "1000", "user of service web is a number, not a text", QUOTES),
        (SERVICE.format("restart: false"), "false", "restart of service web is true or false, not a text", QUOTES),
        (
            SERVICE.format("environment: A"),
            "A",
            "environment of service web is a single value, not a list or a mapping",
            "",
        ),
        (
            SERVICE.format("environment: [{A: b}]"),
            "{A: b}",
            "an entry of environment of service web is a mapping, not a text",
            "",
        ),
        (
            SERVICE.format("environment: {A: [b]}"),
            "[b]",
            "A in environment of service web is a list, not true or false or a number or a text",
            "",
        ),
        (
            SERVICE.format("command: [a, 80]"),
            "80",
            "an entry of command of service web is a number, not a text",
            QUOTES,
        ),
        (SERVICE.format("scale: many"), "many", "scale of service web is no number", ""),
        (SERVICE.format("deploy: {replicas: many}"), "many", "replicas of service web is no number", ""),
        (
            SERVICE.format("networks: {default: {aliases: a}}"),
            "a",
            "aliases of service web on network default is a single value, not a list",
            "",
        ),
        (
            SERVICE.format("networks: {default: {aliases: [1]}}"),
            "1",
            "an entry of aliases of service web on network default is a number, not a text",
            QUOTES,
        ),
        (SERVICE.format("ports: [{target: 80, mode: }]"), "mode", "mode of a port of service web is empty", EMPTY),
        (NETWORK.format("internal: banana"), "banana", "internal of network n is neither true nor false", ""),
        (NETWORK.format("driver: 5"), "5", "driver of network n is a number, not a text", QUOTES),
        (
            NETWORK.format("driver_opts: {a: false}"),
            "false",
            "a in driver_opts of network n is true or false, not a number or a text",
            QUOTES,
        ),
        ("services: {a b: {image: x}}", "a b", "'a b' is no name for a service: " + NAME, ""),
        (
            SERVICE.format("depends_on: [web2, web2]").replace("web: ", "web2: {image: x}, web: ", 1),
            "web2",
            "web2 stands twice in depends_on of service web",
            "",
        ),
        (NETWORK.format("ipam: "), "ipam", "ipam of network n is empty", EMPTY),
        (
            NETWORK.format("ipam: {config: [{subnet: }]}"),
            "subnet",
            "subnet of an ipam config of network n is empty",
            EMPTY,
        ),
    ],
)
def test_refused(text: str, place: str, message: str, help: str) -> None:
    assert reported(text) == [(place, message, help)]


@pytest.mark.parametrize(
    "text",
    [
        "x-a: 1\nservices: {web: {image: x, x-b: 2}}",
        SERVICE.format("command: , entrypoint: , deploy: , pid: "),
        SERVICE.format("environment: {A: , B: 1, C: true}, expose: [80, '81']"),
        SERVICE.format("scale: '${N}', restart: no, cpus: 0.5, deploy: {replicas: '2'}"),
        NETWORK.format("internal: 'yes', attachable: '${A}', driver_opts: {a: 1400}"),
    ],
)
def test_accepted(text: str) -> None:
    assert not reported(text)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "services: {web: {ports: }}\nnetworks: ",
            "web",
            "service web has neither image nor build: Compose takes the file only with another over it",
        ),
        (
            "web: {image: x, net: host, log_driver: none}",
            "",
            "this file has the first format, without services: Compose 2 refuses it, and docker-compose 1 reads it so",
        ),
    ],
)
def test_refused_as_it_is(text: str, place: str, message: str) -> None:
    """What has its use elsewhere is no error, and is not passed over in silence."""
    assert reported(text) == [(place, message, "")]


KEYS = [(table, key) for table in ("top", "service", "network", "attachment", "port") for key in _TABLES[table]]
FRAMES = {
    "top": "{key}: {value}\nx-a: 1\n",
    "service": "services: {{web: {{image: x, {key}: {value}}}}}",
    "network": "services: {{web: {{image: x, networks: [n]}}}}\nnetworks: {{n: {{{key}: {value}}}}}",
    "attachment": "services: {{web: {{image: x, networks: {{default: {{{key}: {value}}}}}}}}}",
    "port": "services: {{web: {{image: x, ports: [{{target: 80, {key}: {value}}}]}}}}",
}


@pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)
def test_kinds_are_those_of_compose(tmp_path: Path) -> None:
    """Each key with a value of each kind: Compose says that it must be of another one exactly where netlint does."""
    wrong = []
    for (table, key), value in list(product(KEYS, VALUES.values()))[:: 1 if COMPLETE else 23]:
        if key in ("services", "extends", "include") or (table, key) in (("service", "image"), ("port", "target")):
            continue
        text = FRAMES[table].format(key=key, value=value)
        (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
        try:
            reference(tmp_path)
            said = ""
        except Refused as error:
            said = str(error)
        ours = [message for _, message, _ in reported(text) if re.search(r", not (?:a|true)\b|is empty$", message)]
        if bool(ours) != (" must be a" in said or "cannot unmarshal" in said):
            wrong.append((text, ours, said))
    assert not wrong, "\n".join(map(str, wrong))
