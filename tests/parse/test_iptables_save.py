"""iptables-save: tables of text to record, agreement with a grammar, and every real dump."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Token, Tree

from netlint.parse.iptables_rule import Addresses, Jump, MatchOption, Name, RuleRecord
from netlint.parse.iptables_save import SaveFile, parse, parse_rule_words
from netlint.parse.tree import Problem, Word
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source, Span

HERE = Path(__file__).resolve()
SHARED = HERE.parents[2] / "../shared"
SHORT = {
    "source": "-s",
    "destination": "-d",
    "in_interface": "-i",
    "out_interface": "-o",
    "protocol": "-p",
}


class Item(NamedTuple):
    """An option with its words, as the grammar sees it."""

    option: str
    negated: bool
    values: tuple[str, ...]


def read(text: str) -> tuple[SaveFile, list[Problem]]:
    return parse(Source("dump", text))


def rules(text: str) -> list[RuleRecord]:
    return [rule for table in read(text)[0].tables for rule in table.rules]


def rule(line: str) -> RuleRecord:
    """The record of one line of a table, which must be without problems."""
    tree, problems = read(f"*filter\n{line}\nCOMMIT\n")
    assert not problems
    return tree.tables[0].rules[0]


def ranges(addresses: Addresses) -> str:
    return ",".join(map(str, addresses.ranges))


def items(record: RuleRecord) -> list[Item]:
    """The options of a record, `-m` left out, in the order in which iptables-save prints them."""
    found = []
    for field, option in SHORT.items():
        value = getattr(record, field)
        if value is not None:
            text = ranges(value) if isinstance(value, Addresses) else value.text
            found.append(Item(option, value.negated, (text,)))
    if record.fragment is not None:
        found.append(Item("-f", not record.fragment, ()))
    found += [Item(f"--{m.option}", m.negated, m.values) for m in record.matches if m.option]
    if record.jump is not None:
        found.append(Item("-g" if record.jump.goto else "-j", False, (record.jump.target,)))
        found += [Item(f"--{name}", False, values) for name, values in record.jump.options]
    return found


def words(record: RuleRecord) -> list[str]:
    """The words of the line that iptables-save prints for a record, unquoted."""
    line = ["-A", record.chain]
    matches = list(record.matches)
    module = None
    for option, negated, values in items(record):
        if option[:2] == "--" and matches:
            while matches and not matches[0].option:
                line += ["-m", matches.pop(0).module]
            match = matches.pop(0)
            if match.module != module:
                line += ["-m", module := match.module]
        elif option in {"-j", "-g"}:
            line += [word for match in matches for word in ("-m", match.module)]
            matches.clear()
        line += [*(["!"] if negated else []), option, *values]
    return line + [word for match in matches for word in ("-m", match.module)]


def plain_words(line: str) -> list[str]:
    """The words of a line, unquoted, counters left out, addresses as netlint writes them."""
    found = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', re.sub(r"^\[\d+:\d+\] ", "", line))
    texts = [plain or re.sub(r"\\(.)", r"\1", quoted) for quoted, plain in found]
    for at, option in enumerate(texts[:-1]):
        if option in {"-s", "-d"} and (prefix := parse_prefix(texts[at + 1])) is not None:
            texts[at + 1] = str(prefix)
    return texts


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


TCP80 = MatchOption("tcp", "dport", ("80",))
NEW = MatchOption("state", "state", ("NEW",))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-A INPUT", {}),
        ("-A INPUT -s 10.1.2.3/255.255.0.0", {"source": Addresses((prefix("10.1.0.0/16"),))}),
        ("-A INPUT -s 0.0.0.0/255.255.255.255", {"source": Addresses((prefix("0.0.0.0/32"),))}),
        ("-A INPUT ! -s 10.0.0.1", {"source": Addresses((prefix("10.0.0.1/32"),), True)}),
        ("-A INPUT -s ! 10.0.0.1", {"source": Addresses((prefix("10.0.0.1/32"),), True)}),
        ("-A INPUT -s 10/8,1.2.3.4", {"source": Addresses((prefix("10.0.0.0/8"), prefix("1.2.3.4")))}),
        ("-A INPUT -s 10.0.0.0/255.0.255.0", {"source": Addresses(("10.0.0.0/255.0.255.0",))}),
        ("-A INPUT --destination fd00::1/64", {"destination": Addresses((prefix("fd00::/64"),))}),
        ("-A INPUT -i eth+ ! -o lo", {"in_interface": Name("eth+"), "out_interface": Name("lo", True)}),
        ("-A INPUT -i ! eth0", {"in_interface": Name("eth0", True)}),
        ("-A INPUT -p ! tcp", {"protocol": Name("tcp", True)}),
        ("-A INPUT ! -f", {"fragment": False}),
        ("-A INPUT -p tcp -m tcp --dport 80", {"protocol": Name("tcp"), "matches": (TCP80,)}),
        ("-A INPUT -p tcp --destination-port=80", {"protocol": Name("tcp"), "matches": (TCP80,)}),
        ("-A INPUT -ptcp -jACCEPT", {"protocol": Name("tcp"), "jump": Jump("ACCEPT")}),
        (
            "-A INPUT -p 6 -m comment --comment x --dport 80",
            {"protocol": Name("6"), "matches": (MatchOption("comment", "comment", ("x",)), TCP80)},
        ),
        (
            "-A INPUT -p tcp -m tcp --dport ! 80 -m state --state ! NEW",
            {
                "protocol": Name("tcp"),
                "matches": (
                    MatchOption("tcp", "dport", ("80",), True),
                    MatchOption("state", "state", ("NEW",), True),
                ),
            },
        ),
        (
            "-A INPUT -p tcp -m tcp ! --tcp-flags SYN,ACK SYN",
            {"protocol": Name("tcp"), "matches": (MatchOption("tcp", "tcp-flags", ("SYN,ACK", "SYN"), True),)},
        ),
        ("-A INPUT -m socket", {"matches": (MatchOption("socket", ""),)}),
        ("-A INPUT -m set ! --match-set bad src", {"matches": (MatchOption("set", "match-set", ("bad", "src"), True),)}),
        ('-A INPUT -m comment --comment "a \\"b\\" c\\\\d"', {"matches": (MatchOption("comment", "comment", ('a "b" c\\d',)),)}),
        ("-A INPUT -m comment --comment -j", {"matches": (MatchOption("comment", "comment", ("-j",)),)}),
        ('-A INPUT -m comment --comment "!"', {"matches": (MatchOption("comment", "comment", ("!",)),)}),
        ('-A INPUT -m comment --comment ""', {"matches": (MatchOption("comment", "comment", ("",)),)}),
        (
            '-A INPUT -m comment --comment "a -j b -m c" -j DROP',
            {"matches": (MatchOption("comment", "comment", ("a -j b -m c",)),), "jump": Jump("DROP")},
        ),
        (
            '-A INPUT -m rocket --thrust 1 2 ! --fuel low --dry "-x" -j DROP',
            {
                "matches": (
                    MatchOption("rocket", "thrust", ("1", "2")),
                    MatchOption("rocket", "fuel", ("low",), True),
                    MatchOption("rocket", "dry", ("-x",)),
                ),
                "jump": Jump("DROP"),
            },
        ),
        ("-A INPUT -g NEXT", {"jump": Jump("NEXT", True)}),
        ("-A INPUT -j DNAT --to 10.0.0.1:80", {"jump": Jump("DNAT", False, (("to-destination", ("10.0.0.1:80",)),))}),
        (
            '-A INPUT -j LOG --log-prefix "-A x: " --log-uid',
            {"jump": Jump("LOG", False, (("log-prefix", ("-A x: ",)), ("log-uid", ())))},
        ),
        ("-A INPUT -j ACCEPT -p tcp --dport 80", {"protocol": Name("tcp"), "matches": (TCP80,), "jump": Jump("ACCEPT")}),
        ("[12:34] -A INPUT -j DROP", {"counters": (12, 34), "jump": Jump("DROP")}),
        ("[12K:3M] -A INPUT -j DROP", {"counters": (12_000, 3_000_000), "jump": Jump("DROP")}),
        ("-A INPUT -c 1 2 -j DROP", {"counters": (1, 2), "jump": Jump("DROP")}),
        ("-I INPUT 3 -j DROP", {"operation": "I", "number": 3, "jump": Jump("DROP")}),
        ("-P INPUT DROP", {"operation": "P", "jump": Jump("DROP")}),
        ("-N INPUT", {"operation": "N"}),
    ],
)  # fmt: skip
def test_a_line(line: str, expected: dict[str, object]) -> None:
    found = rule(line)
    defaults = {"chain": "INPUT", "operation": "A", **expected}
    shown = {name: getattr(found, name) for name in found.__struct_fields__ if name != "span"}
    assert {name: value for name, value in shown.items() if value not in {None, ()}} == defaults
    assert found.span == Span("dump", 8, 8 + len(line))


def test_a_pasted_session() -> None:
    text = (
        "root@h:~# iptables-save\n"
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
        "# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 23 21:22:53 2026\n"
        "*filter\r\n:INPUT DROP [1:2]\r\n:OUTPUT ACCEPT\n:MINE - [0:0]\n# a remark\n-A INPUT -j MINE  \r\nCOMMIT\n"
        "# Completed on Mon Nov 23 21:22:53 2026\n"
        "-- between, -A 3\n"
        "*nat\n-A POSTROUTING -j MASQUERADE\n-A OUTPUT -j ACCEPT"
    )
    tree, problems = read(text)
    source = Source("dump", text)
    first, second = tree.tables
    assert first.header is not None
    assert first.header[1:] == ("iptables-save", "1.8.9", "nf_tables")
    assert [(chain.name, chain.policy, chain.counters) for chain in first.chains] == [
        ("INPUT", "DROP", (1, 2)),
        ("OUTPUT", "ACCEPT", None),
        ("MINE", None, (0, 0)),
    ]
    assert [source.slice(chain.span) for chain in first.chains] == [
        ":INPUT DROP [1:2]",
        ":OUTPUT ACCEPT",
        ":MINE - [0:0]",
    ]
    assert source.slice(first.rules[0].span) == "-A INPUT -j MINE"
    assert (first.committed, second.committed, second.header) == (True, False, None)
    assert len(second.rules) == 2
    assert tree.other_backend is not None
    assert source.slice(tree.other_backend).startswith("# Warning")
    assert [(source.slice(p.span), p.message) for p in problems] == [("*nat", "table nat has no COMMIT")]


@pytest.mark.parametrize(
    ("header", "backend"),
    [
        ("iptables-save v1.4.21 on Tue", "legacy"),
        ("xtables-save v1.8.2 on Tue", "nf_tables"),
        ("iptables-save v1.8.4 on Tue", None),
        ("iptables-save v1.8.9 on Tue", "legacy"),
        ("ip6tables-save v1.8.10 (nf_tables) on Tue", "nf_tables"),
    ],
)
def test_back_end(header: str, backend: str | None) -> None:
    found = read(f"# Generated by {header}\n*raw\nCOMMIT\n")[0].tables[0].header
    assert found is not None
    assert found.backend == backend


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("-A INPUT -s web.example -j DROP", "web.example", "web.example is not an address"),
        ("-A INPUT -s cafe -j DROP", "cafe", "cafe is not an address"),
        ("-A INPUT -p tcp --dport 80 zz", "zz", "'zz' belongs to no option"),
        ("-A INPUT -m tcp --dport", "--dport", "--dport lacks a value"),
        ("-A INPUT -j", "-j", "-j lacks a value"),
        ("-A", "-A", "-A lacks a chain"),
        ("-j DROP", "-j DROP", "a rule without -A and a chain"),
        ('-A INPUT -m comment --comment "x', '"x', "a quotation mark without its second"),
        ("-A INPUT ! -s 1.2.3.4,5.6.7.8", "1.2.3.4,5.6.7.8", "iptables takes no negation of several addresses"),
        ("rubbish\nmore", "rubbish", "not a line of iptables-save"),
    ],
)
def test_a_problem_is_told_once_and_the_rest_is_read(line: str, place: str, message: str) -> None:
    text = f"*filter\n{line}\n-A INPUT -j ACCEPT\nCOMMIT\n"
    tree, problems = read(text)
    assert [(Source("dump", text).slice(p.span), p.message) for p in problems] == [(place, message)]
    assert tree.tables[0].rules[-1].jump == Jump("ACCEPT")


def test_text_without_a_table() -> None:
    assert [p.fatal for p in read("hello\n")[1]] == [True]
    assert read("") == (SaveFile(span=Span("dump", 0, 0), tables=()), [])


def test_rules_as_iptables_lists_them() -> None:
    tree, problems = read("-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N MINE\n-A FORWARD -j MINE\n")
    assert not problems
    assert [table.name for table in tree.tables] == [None]
    assert [p.message for p in read("-A FORWARD -j DROP\n")[1]] == ["rules outside of a table"]


def command(text: str, version: int = 4) -> tuple[RuleRecord, str, str, str, list[Problem]]:
    found = [Word(m.group(), Span("setup.sh", m.start(), m.end())) for m in re.finditer(r"\S+", text)]
    return parse_rule_words(found, version)


@pytest.mark.parametrize(
    ("text", "table", "operation", "chain"),
    [
        ("-t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE", "nat", "A", "POSTROUTING"),
        ("--table=nat --append POSTROUTING --jump MASQUERADE", "nat", "A", "POSTROUTING"),
        ("-w 5 -I FORWARD 2 -j DROP", "filter", "I", "FORWARD"),
        ("--wait -D FORWARD 1", "filter", "D", "FORWARD"),
        ("-R INPUT 1 -j DROP -w", "filter", "R", "INPUT"),
        ("-F", "filter", "F", ""),
        ("-t nat -F", "nat", "F", ""),
        ("-X DOCKER -t nat", "nat", "X", "DOCKER"),
        ("-P FORWARD ACCEPT", "filter", "P", "FORWARD"),
        ("-N MINE", "filter", "N", "MINE"),
        ("-C INPUT -p tcp --dport 22 -j ACCEPT", "filter", "C", "INPUT"),
    ],
)
def test_a_command(text: str, table: str, operation: str, chain: str) -> None:
    found = command(text)
    assert found[1:] == (table, operation, chain, [])
    assert found[0].span == Span("setup.sh", 0, len(text))


def test_commands_with_problems() -> None:
    assert [p.message for p in command("-A INPUT -s 10.0.0.1 -j DROP", 6)[4]] == ["10.0.0.1/32 is no IPv6 address"]
    assert [p.message for p in command("-A INPUT -s $LAN -j DROP")[4]] == ["$LAN is not an address"]
    unknown = [Word(text, Span("s", at, at), exact=text != "$LAN") for at, text in enumerate("-A I -s $LAN".split())]
    assert not parse_rule_words(unknown, 4).problems


# what iptables-save could print, and what people write


PORTS = st.integers(1, 65535).map(str)
PREFIXES = st.builds(
    lambda a, b, n: str(prefix(f"{a}.{b}.0.1/{n}")), st.integers(1, 223), st.integers(0, 255), st.integers(1, 32)
)
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,10}\+?", fullmatch=True)
CHAINS = st.from_regex(r"[A-Za-z][A-Z0-9a-z_-]{0,20}", fullmatch=True)
STRINGS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(
    lambda text: '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
)


@st.composite
def options(draw: st.DrawFn, option: str, values: st.SearchStrategy[str]) -> str:
    """One option: plain, negated before, or negated after as old versions printed it."""
    form = draw(st.sampled_from(["{} {}", "{} {}", "! {} {}", "{} ! {}"]))
    return form.format(option, draw(values))


MATCHES = st.one_of(
    options("--dport", PORTS).map("-m tcp {}".format),
    options("--state", st.sampled_from(["NEW", "RELATED,ESTABLISHED"])).map("-m state {}".format),
    options("--match-set", NAMES.map("{} src,dst".format)).map("-m set {}".format),
    STRINGS.map("-m comment --comment {}".format),
    PORTS.map("-m rocket --thrust 1 {} --dry".format),
    st.sampled_from(["-m socket", "-m rpfilter --loose --invert", "-m recent --set --name x --rsource"]),
)
TARGETS = st.one_of(
    CHAINS.map("-j {}".format),
    CHAINS.map("-g {}".format),
    STRINGS.map("-j LOG --log-prefix {} --log-uid".format),
    PORTS.map("-j DNAT --to-destination 10.0.0.1:{}".format),
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A rule; usually in the order of iptables-save."""
    parts = [
        draw(st.none() | options("-s", PREFIXES)),
        draw(st.none() | options("-d", PREFIXES)),
        draw(st.none() | options("-i", NAMES)),
        draw(st.none() | options("-o", NAMES)),
        draw(st.none() | options("-p", st.sampled_from(["tcp", "udp", "50"]))),
        *draw(st.lists(MATCHES, max_size=3)),
        draw(st.none() | TARGETS),
    ]
    if draw(st.integers(0, 4)) == 0:
        parts = draw(st.permutations(parts))
    counters = draw(st.sampled_from(["", "", "[12:3456] "]))
    return " ".join([f"{counters}-A {draw(CHAINS)}", *(part for part in parts if part)])


DUMPS = st.lists(lines(), min_size=1, max_size=6).map(lambda found: "\n".join(["*filter", *found, "COMMIT", ""]))
GRAMMAR = Lark((HERE.parent / "iptables_save.lark").read_text(), parser="lalr", lexer="contextual")


def grammar_rules(text: str) -> list[tuple[str, list[Item], list[str]]]:
    """Chain, options and `-m` modules of each rule as the grammar reads them."""
    found = []
    for node in GRAMMAR.parse(text).find_data("rule"):
        chain = next(str(child) for child in node.children if isinstance(child, Token) and child.type == "WORD")
        all_items = [_item(child) for child in node.children if isinstance(child, Tree)]
        modules = [item.values[0] for item in all_items if item.option == "-m"]
        found.append((chain, [item for item in all_items if item.option != "-m"], modules))
    return found


def _item(node: Tree[Token]) -> Item:
    tokens = [child for child in node.children if isinstance(child, Token)]
    option = next(str(token) for token in tokens if token.type == "OPTION")
    values = [str(token) for token in tokens if token.type == "WORD"]
    values += [re.sub(r"\\(.)", r"\1", token[1:-1]) for token in tokens if token.type == "STRING"]
    if option in {"-s", "-d"}:
        values = [str(prefix(value)) for value in values]
    return Item(option, any(token.type.startswith("NOT") for token in tokens), tuple(values))


def assert_agrees(text: str) -> None:
    tree, problems = read(text)
    assert not problems
    found = [record for table in tree.tables for record in table.rules]
    expected = grammar_rules(text)
    assert len(found) == len(expected)
    for record, (chain, grammar_items, modules) in zip(found, expected, strict=True):
        assert record.chain == chain
        assert Counter(items(record)) == Counter(grammar_items)
        in_order = [item for item in items(record) if item.option[:2] == "--"]
        assert in_order == [item for item in grammar_items if item.option[:2] == "--"]
        assert set(modules) == {match.module for match in record.matches}


@settings(max_examples=200)
@given(DUMPS)
def test_the_grammar_reads_the_same(text: str) -> None:
    assert_agrees(text)


@pytest.mark.parametrize("family", ["docker", "kube"])
def test_the_grammar_reads_the_same_of_long_dumps(family: str) -> None:
    path = HERE.parents[1] / "bench/generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert_agrees(module.generate(family, 400))


@settings(max_examples=200)
@given(DUMPS)
def test_word_by_word_gives_the_same_as_by_parts(text: str) -> None:
    """A line that is indented is read word by word."""
    indented = re.sub(r"(?m)^(?=[\[-])", " ", text)

    def bare(of: str) -> list[dict[str, object]]:
        return [{f: getattr(r, f) for f in r.__struct_fields__ if f != "span"} for r in rules(of)]

    assert bare(indented) == bare(text)


TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["*filter", ":INPUT", "ACCEPT", "[1:2]", "-A", "-I", "-s", "!", "-j", "-m", "--x", "-c", '"', "\\", "\n", "\r"]
        + ["COMMIT", " ", "\t", "# Generated by x-save v1 (a)", "-m comment", "10/8", "9" * 25, "-P", "=", "--", "-"]
    )
).map(" ".join)


@settings(max_examples=300)
@given(TEXTS)
def test_never_raises_and_spans_hold(text: str) -> None:
    tree, problems = read(text)
    source = Source("dump", text)
    for table in tree.tables:
        for line in (*table.chains, *table.rules):
            shown = source.slice(line.span)
            assert shown == shown.strip() != ""
            assert "\n" not in shown
        assert all(source.slice(line.span)[0] == ":" for line in table.chains)
    assert all(0 <= problem.span.start <= problem.span.end <= len(text) for problem in problems)


# real dumps


def real_dumps() -> list[tuple[str, bool]]:
    """Path below ../shared of every dump, and whether it is whole."""
    index = SHARED / "corpus/dumps.jsonl"
    if not index.exists():
        return []
    entries = [json.loads(line) for line in index.read_text().splitlines()]
    found = [(f"corpus/{entry['file']}", entry["whole"]) for entry in entries if entry["kind"] == "iptables-save"]
    return found + [(str(p.relative_to(SHARED)), True) for p in (SHARED / "dumps/engine").rglob("*tables-save*.txt")]


def is_printed(text: str) -> bool:
    """Whether iptables-save itself wrote it: by its header, or by the prefix length it gives each address."""
    return "# Completed on" in text or ("/32" in text and "! -i" in text)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared with the real dumps is not there")
def test_real_dumps() -> None:
    counts: Counter[str] = Counter()
    for name, whole in real_dumps():
        text = (SHARED / name).read_bytes().decode(errors="replace")
        source = Source(name, text)
        tree, problems = parse(source)
        assert not any(problem.fatal for problem in problems), name
        exact = whole and is_printed(text)
        if exact:
            assert not problems, name
        found = [record for table in tree.tables for record in table.rules]
        assert len(found) == len(re.findall(r"(?m)^\s*(?:\[\d+:\d+\] )?-[AI] \S", text)), name
        for record in found:
            line = plain_words(source.slice(record.span))
            asked = {word for word in line if re.match(r"--?[a-z]", word)} - {"-m", "-c"}
            if exact and words(record) == line:
                counts["word for word"] += 1
            else:
                given_words = {item.option for item in items(record)}
                missing = {word for word in asked if not any(option.startswith(word) for option in given_words)}
                assert not missing, source.slice(record.span)
                counts["by options"] += 1
    assert counts["word for word"] > 3 * counts["by options"], counts
