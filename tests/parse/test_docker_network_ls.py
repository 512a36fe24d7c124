"""The table of `docker network ls`, with what stands around it in pasted sessions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse import docker_network_ls
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"

PLAIN = """\
NETWORK ID     NAME      DRIVER    SCOPE
0b83e599bf5e   bridge    bridge    local
560ce83a170c   host      host      local
"""


def rows(text: str) -> list[list[tuple[str | None, ...]]]:
    """Id, name, driver and scope of each row of each listing; every word checked against its span."""
    source = Source("ls", text)
    result = []
    for listing in docker_network_ls.parse(source)[0]:
        result.append([tuple(word.text if word else None for word in row[1:]) for row in listing.rows])
        for row in listing.rows:
            for word in row[1:]:
                assert word is None or not word.verbatim or source.slice(word.span) == word.text
    return result


def problems(text: str) -> list[tuple[str, bool]]:
    source = Source("ls", text)
    return [(source.slice(problem.span), problem.fatal) for problem in docker_network_ls.parse(source)[1]]


BRIDGE = ("0b83e599bf5e", "bridge", "bridge", "local")
HOST = ("560ce83a170c", "host", "host", "local")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN, [[BRIDGE, HOST]]),
        (PLAIN.replace("\n", "\r\n"), [[BRIDGE, HOST]]),
        ("root@box:~# docker network ls\n" + PLAIN + "root@box:~#", [[BRIDGE, HOST]]),
        (PLAIN + "\n$ docker network ls\n" + PLAIN, [[BRIDGE, HOST], [BRIDGE, HOST]]),
        # the layout squeezed by a form that folds blanks
        ("NETWORK ID NAME DRIVER SCOPE\n560ce83a170c host host local\n", [[HOST]]),
        # columns in the order of a format of the reader's own
        ("NAME      NETWORK ID\nhost      560ce83a170c\n", [[("560ce83a170c", "host", None, None)]]),
        ("NETWORK ID          NAME\nefaf610f57a5        host\n", [[("efaf610f57a5", "host", None, None)]]),
        (
            "NETWORK ID          NAME                DRIVER\nefaf610f57a5        host                host\n",
            [[("efaf610f57a5", "host", "host", None)]],
        ),
        # an annotation after the last column
        (PLAIN.replace("host      local", "host      local   <-- this one"), [[BRIDGE, HOST]]),
        (
            '{"CreatedAt":"x","Driver":"host","ID":"560ce83a170c","IPv6":"false","Name":"host","Scope":"local"}\n',
            [[HOST]],
        ),
        ("", []),
    ],
)
def test_rows(text: str, expected: list[list[tuple[str | None, ...]]]) -> None:
    assert rows(text) == expected
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN + "\nDeleted Networks:\nold\n", [("Deleted Networks:\nold", False)]),
        ("# a note\n" + PLAIN, [("# a note", False)]),
        ("no table\n", [("no table\n", True)]),
        ("$ docker network ls\n", [("$ docker network ls\n", True)]),
        ('{"Name": "host"}', [('{"Name": "host"}', True)]),
    ],
)
def test_problems(text: str, expected: list[tuple[str, bool]]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("command", "filtered"),
    [
        ("$ docker network ls", False),
        ("$ docker network ls --no-trunc", False),
        ("$ docker network ls --filter driver=bridge", True),
        ("$ sudo docker network list -f type=custom", True),
    ],
)
def test_a_filter_is_noticed(command: str, filtered: bool) -> None:
    listings, _ = docker_network_ls.parse(Source("ls", f"{command}\n{PLAIN}"))
    assert [listing.filtered for listing in listings] == [filtered]


@given(st.text(alphabet=st.sampled_from('NETWORK IDAMEDRVSCOPE\n\r\t 0123abc{}":,$#'), max_size=80) | st.text())
@settings(max_examples=200)
def test_any_text(text: str) -> None:
    rows(text)
    rows(PLAIN + text)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_listings() -> None:
    entries = [json.loads(line) for line in (CORPUS / "dumps.jsonl").read_text().splitlines()]
    files = [entry["file"] for entry in entries if entry["kind"] == "docker-network-ls"]
    assert len(files) > 20
    for file in files:
        found = [row for listing in rows((CORPUS / file).read_text()) for row in listing]
        assert found, file
        assert all(driver for _, _, driver, _ in found), file
