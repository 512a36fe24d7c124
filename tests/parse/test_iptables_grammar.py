"""iptables-save against a grammar of it, against itself by another way, and against every real dump."""

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

from netlint.parse.iptables_rule import Addresses, RuleRecord
from netlint.parse.iptables_save import parse
from netlint.prefix import parse_prefix
from netlint.source import Source
from tests.parse.by_words import records

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


def prefix(text: str) -> str:
    return str(parse_prefix(text))


# what iptables-save could print, and what people write


PORTS = st.integers(1, 65535).map(str)
PREFIXES = st.builds(
    lambda a, b, n: prefix(f"{a}.{b}.0.1/{n}"), st.integers(1, 223), st.integers(0, 255), st.integers(1, 32)
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
        values = [prefix(value) for value in values]
    return Item(option, any(token.type.startswith("NOT") for token in tokens), tuple(values))


def assert_agrees(text: str) -> None:
    assert not parse(Source("dump", text))[1]
    found = records(text)
    expected = grammar_rules(text)
    assert len(found) == len(expected)
    for record, (chain, grammar_items, modules) in zip(found, expected, strict=True):
        assert record.chain == chain
        assert Counter(items(record)) == Counter(grammar_items)
        target_options = {f"--{name}" for name, _ in record.jump.options} if record.jump is not None else set()
        expected_order = [i for i in grammar_items if i.option[:2] == "--" and i.option not in target_options]
        assert [i for i in items(record) if i.option[:2] == "--" and i.option not in target_options] == expected_order
        assert set(modules) == {match.module for match in record.matches}


@settings(max_examples=200)
@given(DUMPS)
def test_the_grammar_reads_the_same(text: str) -> None:
    """So do both ways of reading: `records` takes both."""
    assert_agrees(text)


def generated(family: str) -> str:
    """A dump of about 400 lines."""
    path = HERE.parents[1] / "bench/generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text: str = module.generate(family, 400)
    return text


@pytest.mark.parametrize("family", ["docker", "kube"])
def test_the_grammar_reads_the_same_of_long_dumps(family: str) -> None:
    assert_agrees(generated(family))


@pytest.mark.parametrize("family", ["docker", "kube"])
def test_long_dumps_are_read_by_parts(family: str) -> None:
    tables = parse(Source("dump", generated(family)))[0].tables
    assert [record for table in tables for record in table.records()] == []
    assert sum(len(rules) for table in tables for entry in table.appended() for rules in entry.chains.values()) > 200


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
        problems = parse(source)[1]
        assert not any(problem.fatal for problem in problems), name
        exact = whole and is_printed(text)
        if exact:
            assert not problems, name
        found = records(text)
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
