"""`docker ps`, `docker compose ps` and `docker port`."""

from __future__ import annotations

import pytest

from netlint.guard.texts import guarded, masked_text
from netlint.parse.docker_ps import ContainerRow, parse
from netlint.sniff import sniff
from netlint.source import Source

PS = """\
$ docker ps -a
CONTAINER ID   IMAGE         COMMAND                  CREATED        STATUS                    PORTS                                              NAMES
59e246cbf2b7   nginx:1.27    "/docker-entrypoint.…"   2 hours ago    Up 2 hours                0.0.0.0:8038->8038/tcp, [::]:8038->8038/tcp        web
92f59872b5ff   redis         "docker-entrypoint.s…"   2 hours ago    Exited (0) 1 hour ago                                                        cache
0123456789ab   consul        "consul agent"           2 hours ago    Up 2 hours (healthy)      127.0.0.1:8500->8500/tcp, 8300-8302/tcp, 8600/udp  consul
"""  # noqa: E501


def short(row: ContainerRow) -> tuple[object, ...]:
    ports = [
        (cell.address.text if cell.address else None, cell.published.text if cell.published else None, cell.target)
        for cell in row.ports
    ]
    return row.id and row.id.text, row.name and row.name.text, row.running, ports


def test_docker_ps() -> None:
    source = Source("ps.txt", PS)
    rows, problems = parse(source)
    assert not problems
    assert [short(row) for row in rows] == [
        ("59e246cbf2b7", "web", True, [("0.0.0.0", "8038", "8038"), ("[::]", "8038", "8038")]),
        ("92f59872b5ff", "cache", False, []),
        (
            "0123456789ab",
            "consul",
            True,
            [("127.0.0.1", "8500", "8500"), (None, None, "8300-8302"), (None, None, "8600")],
        ),
    ]
    for row in rows:
        for word in (row.id, row.name, row.image, *(cell.whole for cell in row.ports)):
            assert word is not None
            assert source.slice(word.span) == word.text


def test_squeezed_columns() -> None:
    text = (
        "CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES\n"
        '59e246cbf2b7 nginx "nginx -g" 2 hours ago Up 2 hours 0.0.0.0:80->80/tcp web\n'
    )
    rows, problems = parse(Source("ps.txt", text))
    assert not problems
    assert [short(row) for row in rows] == [("59e246cbf2b7", "web", True, [("0.0.0.0", "80", "80")])]


def test_json_lines() -> None:
    text = '{"ID":"59e246cbf2b7","Image":"nginx","Names":"web","Ports":"0.0.0.0:80-\\u003e80/tcp","State":"running"}\n'
    rows, problems = parse(Source("ps.json", text))
    assert not problems
    assert [(row.name and row.name.text, row.running) for row in rows] == [("web", True)]


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("p.txt", "$ docker port web\n80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n", "web"),
        ("p.txt", "# web\n80/tcp -> 0.0.0.0:8080\n", "web"),
        ("docker-port-web.txt", "80/tcp -> 0.0.0.0:8080\n", "web"),
        ("p.txt", "web 80/tcp -> 0.0.0.0:8080\n", "web"),
        ("p.txt", "80/tcp -> 0.0.0.0:8080\n", None),
    ],
)
def test_docker_port(path: str, text: str, name: str | None) -> None:
    rows, problems = parse(Source(path, text))
    assert not problems
    assert {row.name.text if row.name is not None else None for row in rows} == {name}
    assert rows[0].ports[0].published is not None
    assert rows[0].ports[0].published.text == "8080"


def test_what_is_no_listing() -> None:
    _, problems = parse(Source("p.txt", "Cannot connect to the Docker daemon\n"))
    assert [problem.fatal for problem in problems] == [True]


def test_json_as_go_writes_it() -> None:
    """`json.Marshal` escapes the arrow; Compose up to 2.20 lists the ports as objects, in one array."""
    text = '{"ID":"3f1a2b3c4d5e","Image":"nginx","Names":"web","Ports":"0.0.0.0:8080-\\u003e80/tcp, 443/tcp"}\n'
    rows, problems = parse(Source("ps.json", text))
    assert not problems
    (row,) = rows
    assert short(row)[3] == [("0.0.0.0", "8080", "80"), (None, None, "443")]
    span = row.ports[0].whole.span
    assert text[span.start : span.end].strip('"').startswith("0.0.0.0:8080-")
    text = (
        '[{"ID":"3f1a2b3c4d5e","Image":"nginx","Name":"app-web-1","Names":"app-web-1","State":"running","Publishers":'
        '[{"URL":"0.0.0.0","TargetPort":80,"PublishedPort":8080,"Protocol":"tcp"},'
        '{"URL":"","TargetPort":443,"PublishedPort":0,"Protocol":"tcp"}]}]'
    )
    (row,) = parse(Source("ps.json", text))[0]
    assert short(row)[3] == [("0.0.0.0", "8080", "80"), (None, None, "443")]


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ('{"Command":"x","ID":"3f1a2b3c4d5e","Image":"nginx","Names":"web","Ports":""}\n', "docker-ps"),
        ('[{"ID":"3f1a2b3c4d5e","Image":"nginx","Names":"web","Publishers":[]}]\n', "docker-ps"),
        ('{"Driver":"bridge","ID":"aaaabbbbcccc","Name":"bridge","Scope":"local"}\n', "docker-network-ls"),
    ],
)
def test_json_is_recognised(text: str, format: str) -> None:
    assert sniff(text, "listing.json") == format


def test_json_is_guarded() -> None:
    text = '{"Command":"run planted","ID":"3f1a2b3c4d5e","Image":"nginx","Labels":"key=planted","Names":"web"}\n'
    shown = masked_text(text, guarded(Source("ps.json", text), "docker-ps"))
    assert "planted" not in shown
    assert '"Image":"nginx"' in shown
