"""Unit files: what systemd reads out of them, and where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.systemd import UnitFile, commands, parse, split_words
from netlint.parse.tree import Problem, Word
from netlint.source import Source

UNIT = """\
# packaged
[Unit]
After = network-online.target
; a comment
[Service]
Environment="A=1 2" B=3
ExecStart=
ExecStart=/usr/bin/dockerd --bip 10.1.0.1/24 \\
    # not part of it
    --mtu=1450 \\

Restart=always
"""


def read(text: str, path: str = "docker.service") -> tuple[Source, UnitFile, list[Problem]]:
    source = Source(path, text)
    tree, problems = parse(source)
    return source, tree, problems


def words_of(text: str) -> list[str]:
    return [word.text for word in split_words(Word(text, Source("u", text).span(0, len(text))))]


def test_sections_assignments_and_resets_are_kept_in_order() -> None:
    _, tree, problems = read(UNIT)
    assert problems == []
    assert [section.name for section in tree.sections] == ["Unit", "Service"]
    assert [(one.section, one.key.text, one.value.text) for one in tree.assignments if one.key.text != "ExecStart"] == [
        ("Unit", "After", "network-online.target"),
        ("Service", "Environment", '"A=1 2" B=3'),
        ("Service", "Restart", "always"),
    ]
    assert [bool(one.value.text) for one in tree.all("Service", "ExecStart")] == [False, True]
    assert tree.all("Unit", "ExecStart") == []


def test_words_of_a_continued_line_keep_their_places() -> None:
    source, tree, _ = read(UNIT)
    words = split_words(tree.all("Service", "ExecStart")[1].value)
    assert [word.text for word in words] == ["/usr/bin/dockerd", "--bip", "10.1.0.1/24", "--mtu=1450"]
    assert [source.slice(word.span) for word in words] == [word.text for word in words]
    assert source.slice(words[3].part(6, 10)) == "1450"
    assert source.position(words[3].span.start).line == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ('--bip="10.0.0.1/8"', ["--bip=10.0.0.1/8"]),
        (r'"a\"b" \x41\102 a\sb', ['a"b', "AB", "a b"]),
        (r"'it\'s' \q", ["it's", r"\q"]),
        ("100%% %i", ["100%", "%i"]),
        ("$OPTS ${ONE}x $$", ["$OPTS", "${ONE}x", "$$"]),
        ('"" x', ["", "x"]),
        ("--dns {{ item }} --mtu={{ mtu }}", ["--dns", "{{ item }}", "--mtu={{ mtu }}"]),
        ("a \\", ["a", "\\"]),
        ('"never closed', ["never closed"]),
    ],
)
def test_splitting(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_part_inside_quotes_has_its_exact_place() -> None:
    source, tree, _ = read('[Service]\nExecStart=dockerd --bip="10.0.0.1/8" "x\\ty"\n')
    _, bip, escaped = split_words(tree.assignments[0].value)
    assert not bip.verbatim
    assert source.slice(bip.part(6, 16)) == "10.0.0.1/8"
    assert (escaped.text, escaped.verbatim, source.slice(escaped.span)) == ("x\ty", False, '"x\\ty"')


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/bin/a b", [("", "/bin/a", ["b"])]),
        ("-/bin/a", [("-", "/bin/a", [])]),
        ("@/bin/a argv0 b", [("@", "/bin/a", ["b"])]),
        ("!!+:/bin/a", [("!!+:", "/bin/a", [])]),
        ("/bin/a x ; /bin/b", [("", "/bin/a", ["x"]), ("", "/bin/b", [])]),
        ("", []),
    ],
)
def test_commands(value: str, expected: list[tuple[str, str, list[str]]]) -> None:
    _, tree, _ = read(f"[Service]\nExecStart={value}\n")
    found = commands(tree.assignments[0].value)
    assert [(one.prefix, one.program, [word.text for word in one.words[1:]]) for one in found] == expected


def test_an_excerpt_needs_no_section_header() -> None:
    _, tree, problems = read("ExecStart=/usr/bin/dockerd\n", path="answer.txt")
    assert problems == []
    assert tree.excerpt
    assert len(tree.all("Service", "ExecStart")) == 1


def test_a_unit_needs_its_section_header() -> None:
    _, tree, problems = read("ExecStart=/usr/bin/dockerd\n", path="docker.service.d/override.conf")
    assert [problem.message for problem in problems] == ["ExecStart stands outside of a section: systemd ignores it"]
    assert tree.all("Service", "ExecStart") == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[Service]\nvi /etc/x\nA=b\n", "vi /etc/x", "neither a section"),
        ("[Service\nA=b\n", "[Service", "closing bracket"),
        ('[Service]\nExecStart=a "b\n', '"', "never closed"),
    ],
)
def test_garbage_is_reported_and_passed_over(text: str, place: str, message: str) -> None:
    source, tree, problems = read(text)
    assert [(source.slice(problem.span), message in problem.message) for problem in problems] == [(place, True)]
    assert len(tree.assignments) == 1


def test_a_blank_after_the_backslash_is_explained() -> None:
    _, _, problems = read("[Service]\nExecStart=a \\ \n --mtu 9\n")
    assert "followed by blanks" in problems[0].help


def test_template_statements_are_passed_over_like_comments() -> None:
    source, tree, problems = read("[Service]\nExecStart=dockerd \\\n{% if x %}\n --icc=false \\\n{% endif %}\n -D\n")
    assert problems == []
    assert [word.text for word in split_words(tree.assignments[0].value)] == ["dockerd", "--icc=false", "-D"]
    assert [source.slice(item.span) for item in tree.unsupported] == ["{% if x %}", "{% endif %}"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_and_byte_order_mark(newline: str) -> None:
    _, tree, problems = read("\ufeff[Service]\nExecStart=a \\\nb\n".replace("\n", newline))
    assert problems == []
    assert [word.text for word in split_words(tree.assignments[0].value)] == ["a", "b"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="[]Aa=\\ \t\n\r\"'#;$%{}x1-", max_size=60))
def test_spans_slice_to_what_they_claim(text: str) -> None:
    source, tree, problems = read(text)
    for one in tree.assignments:
        assert source.slice(one.key.span) == one.key.text
        for word in [one.value, *split_words(one.value)]:
            assert not word.verbatim or source.slice(word.span) == word.text
            assert word.verbatim or len(word.offsets) == len(word.text)
            assert one.span.start <= word.span.start <= word.span.end <= one.span.end
    for span in [problem.span for problem in problems] + [section.span for section in tree.sections]:
        assert 0 <= span.start < span.end <= len(text)
