"""The text report, as it stands on a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.finding import Confidence, Finding, Fix, Label, Severity, Step, Suppression, Witness
from netlint.model.host import Site
from netlint.report.terminal import width
from netlint.report.text import render
from netlint.run import Coverage, NotChecked, Run
from netlint.source import Source, Span

if TYPE_CHECKING:
    from tests.report.conftest import Make

COMPOSE = """services:
  web:
    ports: ["80:80", "81:80", "82:80"]
networks:
  front:
    ipam:
      config:
        - subnet: 172.20.0.0/16
"""


def block(make: Make) -> str:
    """The report on the one finding, without its heading and the summary."""
    return render(make.run(), color=False, quiet=True).split("\n", 1)[1].rpartition("\nfound")[0].rstrip("\n")


def lines(text: str) -> str:
    """A text that stands indented by eight spaces."""
    return "\n".join(line[8:] for line in text.splitlines() if line.strip() or not line).strip("\n")


def test_whole_report(make: Make) -> None:
    make.file("compose.yaml", COMPOSE)
    make.file("ip-route.txt", "default via 10.0.0.1\n172.20.8.0/22 via 10.0.0.1 dev eth0\n", format="ip-route")
    make.file("nft.txt", "", format="nft", status="unread", reason="netlint does not read nft list ruleset yet")
    make.gaps = [
        NotChecked(rule, "edge", "no firewall dump") for rule in ("masquerade-missing", "docker-rules-missing")
    ]
    route, subnet = make.at("ip-route.txt", "172.20.8.0/22"), make.at("compose.yaml", "172.20.0.0/16")
    make.finding(
        subnet,
        message="subnet 172.20.0.0/16 of network front contains the host route 172.20.8.0/22",
        label="this range belongs to the bridge of network front",
        help="give the network a free range; free here: 172.21.0.0/16",
        related=(Label(route, "the host reaches these addresses here"),),
        witness=Witness(
            "tcp 172.20.0.5:40000 > 172.20.8.9:443",
            (Step(subnet, "goes to the bridge of front"), Step(route, "is not asked: the bridge is nearer")),
        ),
    )
    make.finding(route, severity=Severity.NOTE, suppressed=Suppression(kind="inline", reason="a lab"))
    assert render(make.run(), color=False) == lines(
        """
        error[NL101] subnet-overlap: subnet 172.20.0.0/16 of network front contains the host route 172.20.8.0/22
          --> compose.yaml:8:19
           |
         8 |         - subnet: 172.20.0.0/16
           |                   ^^^^^^^^^^^^^ this range belongs to the bridge of network front
          ::: ip-route.txt:2:1
           |
         2 | 172.20.8.0/22 via 10.0.0.1 dev eth0
           | ------------- the host reaches these addresses here
           = help: give the network a free range; free here: 172.21.0.0/16
           = witness: tcp 172.20.0.5:40000 > 172.20.8.9:443
             1. compose.yaml:8  goes to the bridge of front
             2. ip-route.txt:2  is not asked: the bridge is nearer

        found 1 error (1 suppressed)
        read: 2 files: Compose file, ip route
        not read: nft.txt (netlint does not read nft list ruleset yet)
        not checked: masquerade-missing, docker-rules-missing (edge: no firewall dump)
        """
    ) + "\n"  # fmt: skip


def test_labels_on_one_line(make: Make) -> None:
    make.file("compose.yaml", COMPOSE)
    others = (Label(make.at("compose.yaml", "80:80"), "first"), Label(make.at("compose.yaml", "82:80"), "last"))
    make.finding(make.at("compose.yaml", "81:80"), label="the one", related=others)
    assert block(make) == lines(
        """
          --> compose.yaml:3:23
           |
         3 |     ports: ["80:80", "81:80", "82:80"]
           |              -----    ^^^^^    ----- last
           |              |        |
           |              |        the one
           |              first
        """
    )


def test_nested_places(make: Make) -> None:
    make.file("compose.yaml", COMPOSE)
    inner = Label(make.at("compose.yaml", "81:80"), "inner")
    make.finding(make.at("compose.yaml", '["80:80", "81:80", "82:80"]'), label="outer", related=(inner,))
    assert block(make) == lines(
        """
          --> compose.yaml:3:12
           |
         3 |     ports: ["80:80", "81:80", "82:80"]
           |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |            |          inner
           |            outer
        """
    )


def test_near_places_of_a_file_are_shown_together(make: Make) -> None:
    make.file("compose.yaml", COMPOSE + "\n" * 20 + "x: 1\n")
    others = (Label(make.at("compose.yaml", "front"), "this network"), Label(make.at("compose.yaml", "x: 1"), "far"))
    make.finding(make.at("compose.yaml", "172.20.0.0/16"), related=others)
    assert block(make) == lines(
        """
           --> compose.yaml:8:19
            |
          5 |   front:
            |   ----- this network
        ...
          8 |         - subnet: 172.20.0.0/16
            |                   ^^^^^^^^^^^^^
           ::: compose.yaml:29:1
            |
         29 | x: 1
            | ---- far
        """
    )


def test_place_of_several_lines(make: Make) -> None:
    make.file("compose.yaml", COMPOSE)
    front = make.at("compose.yaml", "front:\n    ipam:\n      config:\n        - subnet: 172.20.0.0/16\n")
    make.finding(front, label="this network", related=(Label(make.at("compose.yaml", "web"), "its service"),))
    assert block(make) == lines(
        """
          --> compose.yaml:5:3
           |
         2 |     web:
           |     --- its service
        ...
         5 | /   front:
        ...  |
         8 | |         - subnet: 172.20.0.0/16
           | |_______________________________^ this network
        """
    )


def test_long_label_stands_below(make: Make) -> None:
    make.file("compose.yaml", "a: " + "x" * 80 + " y\n")
    make.finding(make.at("compose.yaml", "y"), label="a label that has no room beside its caret, nor below it")
    assert block(make) == lines(
        f"""
          --> compose.yaml:1:85
           |
         1 | a: {"x" * 80} y
           |                                                                                     ^
           |                                                 a label that has no room beside its caret, nor
           |                                                 below it
        """
    )


def test_long_line_is_cut_around_the_place(make: Make) -> None:
    make.file("info.json", "[" + ", ".join(f'"key {number}"' for number in range(900)) + "]")
    make.finding(
        make.at("info.json", '"key 450"'), label="here", related=(Label(make.at("info.json", '"key 7"'), "far"),)
    )
    text = block(make)
    printed, carets = text.splitlines()[2:4]
    assert printed.startswith(' 1 | …ey 446", "key 447"')
    assert printed.endswith("…")
    assert printed[carets.index("^") : carets.rindex("^") + 1] == '"key 450"'
    assert carets.endswith(" here")
    far = make.at("info.json", '"key 7"').start + 1
    assert f"  ::: info.json:1:{far}\n" in text
    assert max(map(len, text.splitlines())) <= 100


def test_wide_and_combining_characters_and_tabs(make: Make) -> None:
    make.file("compose.yaml", "\tx: 1 # 日本 e\u0301 port\n")
    make.finding(make.at("compose.yaml", "port"), label="after 日本")
    marked, carets = block(make).splitlines()[2:4]
    assert marked == " 1 |     x: 1 # 日本 e\u0301 port"
    assert width(marked[: marked.index("port")]) == carets.index("^")
    assert carets.endswith("^^^^ after 日本")


def test_control_characters_never_reach_the_terminal(make: Make) -> None:
    evil = "\x1b[2J\x07\x9b31m\u202e\u2028"
    make.file(f"a{evil}.yaml", f"name: {evil} x\n")
    at = make.at(f"a{evil}.yaml", "x")
    make.finding(
        at,
        message=f"name {evil}\nsecond line",
        label=evil,
        help=evil,
        host=evil,
        fixes=(Fix(title=evil, edits=()),),
        witness=Witness(evil, (Step(at, evil),)),
    )
    make.gaps.append(NotChecked("masquerade-missing", evil, evil))
    for verbose in (True, False):
        text = render(make.run(), color=False, verbose=verbose)
        assert text.replace("\n", "").isprintable()
    assert r"subnet-overlap: name \x1b[2J\x07\x9b31m\u202e\u2028\nsecond line" in text


def test_secrets_are_masked(make: Make) -> None:
    make.file("compose.yaml", 'environment:\n  WEAVE_PASSWORD: "wfv Awt7sj" # x\n')
    make.finding(make.at("compose.yaml", "wfv Awt7sj"), label="encryption is on")
    assert '  WEAVE_PASSWORD: "**********" # x' in block(make)


def test_end_of_file_and_empty_file(make: Make) -> None:
    source = make.file("compose.yaml", "a: 1\n")
    make.file("empty.yaml", "")
    make.finding(source.span(5, 5), label="ends here")
    make.finding(Span("empty.yaml", 0, 0), label="nothing here")
    text = render(make.run(), color=False)
    assert "  --> compose.yaml:2:1\n   |\n 2 |\n   | ^ ends here\n" in text
    assert "  --> empty.yaml:1:1\n   |\n 1 |\n   | ^ nothing here\n" in text


def test_color_changes_nothing_but_color(make: Make) -> None:
    make.file("compose.yaml", COMPOSE)
    make.finding(make.at("compose.yaml", "80:80"), label="x", related=(Label(make.at("compose.yaml", "81:80"), "y"),))
    run = make.run()
    colored = render(run, color=True)
    assert "\x1b[1;31merror[NL101]\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(run, color=False)


def test_hyperlinks(make: Make) -> None:
    make.file("a b.yaml", "a: 1\n")
    make.finding(make.at("a b.yaml", "1"))
    text = render(make.run(), color=False, hyperlinks=True)
    assert "--> \x1b]8;;file:///srv/site/a%20b.yaml\x1b\\a b.yaml:1:4\x1b]8;;\x1b\\\n" in text


def test_verbose_names_confidence_host_and_every_place(make: Make) -> None:
    make.file("compose.yaml", "".join(f"line{number}: 1\n" for number in range(20)))
    places = tuple(Label(make.at("compose.yaml", f"line{number}:"), f"place {number}") for number in range(1, 20))
    make.finding(make.at("compose.yaml", "line0"), related=places, host="edge", confidence=Confidence.MEDIUM)
    short, long = (render(make.run(), color=False, verbose=verbose) for verbose in (False, True))
    assert "= note: 11 more places (--verbose shows them)" in short
    assert "place 19" not in short
    assert "place 19" in long
    assert "= confidence: medium" in long
    assert "= host: edge" in long


class TestSummary:
    def test_nothing_found(self, make: Make) -> None:
        make.file("compose.yaml", "")
        make.file("other.yaml", "")
        assert render(make.run(), color=False) == "no problems found in 2 files: Compose file (2)\n"

    def test_gaps_come_before_the_good_news(self, make: Make) -> None:
        make.file("compose.yaml", "")
        make.file("broken.yaml", "", status="unread", reason="no closing quote")
        make.file("half.txt", "", format="docker-info", status="partial")
        make.gaps = [
            NotChecked("masquerade-missing", None, "no firewall dump"),
            NotChecked("subnet-overlaps-route", "a", "no route table"),
            NotChecked("subnet-overlaps-route", "b", "no route table"),
        ]
        assert render(make.run(), color=False) == lines(
            """
        read in part: half.txt (docker info)
        not read: broken.yaml (Compose file: no closing quote)
        not checked: masquerade-missing (no firewall dump)
                     subnet-overlaps-route (a, b: no route table)
        no problems found in what was read: 2 files: Compose file, docker info
            """
        ) + "\n"  # fmt: skip

    def test_nothing_read_is_not_healthy(self, make: Make) -> None:
        assert render(make.run(), color=False) == "nothing was read, so nothing was checked\n"
        make.file("x.txt", "", format="nft", status="unread", reason="netlint does not read nft list ruleset yet")
        assert "no problems" not in render(make.run(), color=False)

    def test_many_files_are_counted(self, make: Make) -> None:
        for number in range(9):
            make.file(
                f"ps{number}", "", format="docker-ps", status="unread", reason="netlint does not read docker ps yet"
            )
        assert "not read: ps0, ps1, ps2 and 6 more (netlint does" in render(make.run(), color=False)
        assert "not read  ps8  docker ps" in render(make.run(), color=False, verbose=True)

    def test_many_hosts_are_counted(self, make: Make) -> None:
        make.gaps = [NotChecked("masquerade-missing", f"host{number}", "no firewall dump") for number in range(9)]
        assert "not checked: masquerade-missing (9 hosts: no firewall dump)\n" in render(make.run(), color=False)
        assert "host8: no firewall dump" in " ".join(render(make.run(), color=False, verbose=True).split())

    def test_quiet(self, make: Make) -> None:
        make.file("compose.yaml", "a: 1\n")
        make.gaps.append(NotChecked("masquerade-missing", None, "no firewall dump"))
        assert render(make.run(), color=False, quiet=True) == ""
        make.finding(make.at("compose.yaml", "1"), severity=Severity.WARNING)
        make.finding(make.at("compose.yaml", "a"), severity=Severity.WARNING)
        assert render(make.run(), color=False, quiet=True).endswith("\nfound 2 warnings\n")


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A run on one file, with a finding that has places anywhere in it."""
    text = draw(st.text(st.sampled_from("ab:- \t\r\n\x1b\u202e\u0301日😀\ud800\"'="), max_size=400))
    offsets = st.integers(0, len(text))
    spans = st.tuples(offsets, offsets).map(lambda pair: Span("f", min(pair), max(pair)))
    labels = st.sampled_from(["", "short", "a label of many words " * 4, "日本\n"])
    related = draw(st.lists(st.builds(Label, spans, labels), max_size=5))
    finding = Finding(
        message="m", at=draw(spans), label=draw(labels), related=tuple(related), severity=Severity.ERROR, code="NL1"
    )
    return Run(
        root="/",
        sources={"f": Source("f", text)},
        findings=(finding,),
        rules=(),
        coverage=Coverage(files=(), not_checked=()),
        site=Site(hosts=()),
    )


@given(runs(), st.sampled_from([60, 80, 100]))
@settings(max_examples=200, deadline=None)
def test_any_places_in_any_text(run: Run, columns: int) -> None:
    text = render(run, color=False, columns=columns)
    assert text.replace("\n", "").isprintable()
    assert max(map(width, text.splitlines())) <= columns
    finding = run.findings[0]
    position = run.sources["f"].position(finding.at.start)
    assert f"--> f:{position.line}:{position.column}\n" in text
    assert "^" in text
