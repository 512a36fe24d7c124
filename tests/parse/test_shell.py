"""Setup scripts: what runs, in which order, with which words, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.shell import Command, Script, commands_of, parse
from netlint.parse.shell_variables import MAX_VALUE
from netlint.parse.tree import Word
from netlint.source import Source, Span

INCIDENTS = Path(__file__).resolve().parents[2] / "../shared/incidents/dev"


def read(text: str) -> Script:
    script, problems = parse(Source("setup.sh", text))
    assert not problems, problems
    return script


def lines(script: Script) -> list[str]:
    """One line a command: `? ` before what only may run, `~` before a word that a variable leaves open."""
    return [
        ("" if command.certain else "? ")
        + " ".join(("" if word.exact else "~") + word.text.replace(" ", "_") for word in command.words)
        for command in script.commands
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a b\nc", ["a b", "c"], id="lines"),
        pytest.param("a; b & c", ["a", "b", "c"], id="separators"),
        pytest.param("a \\\n  b # c d\n#e\nf#g", ["a b", "f#g"], id="continuation and comments"),
        pytest.param("a 'b c' \"d\\\"e\" f\\ g $'h\\'i'", ["a b_c d\"e f_g h'i"], id="quotes"),
        pytest.param("a ''", ["a "], id="empty word"),
        pytest.param("X=1; a $X ${X} \"$X\" '$X'", ["a 1 1 1 $X"], id="variables"),
        pytest.param("O='-d --rm'; a $O \"$O\"", ["a -d --rm -d_--rm"], id="splitting"),
        pytest.param("X=; a $X b", ["a b"], id="empty variable vanishes"),
        pytest.param("a $X ${Y:-2} $(b c)", ["b c", "a ~$X ~2 ~$(b_c)"], id="unknown"),
        pytest.param("X=1; a ${X:-2}; X=; a ${X:-2} ${X-3}x", ["a 1", "a 2 x"], id="defaults of known variables"),
        pytest.param("W=${W:-eth0}; a $W", ["a ~eth0"], id="default of the environment"),
        pytest.param("X=$(b); a $X", ["b", "a ~$X"], id="value of a command"),
        pytest.param("I=$(which iptables); $I -F", ["iptables -F"], id="which"),
        pytest.param("A=(1 '2 3'); A+=(4); a \"${A[@]}\" $A", ["a 1 2_3 4 1"], id="arrays"),
        pytest.param("X=1; X+=2; a $X", ["a 12"], id="append"),
        pytest.param("for p in 80 443; do a $p; done", ["a 80", "a 443"], id="unrolled"),
        pytest.param("P='1 2'; for p in $P\ndo a $p\ndone", ["a 1", "a 2"], id="unrolled variable"),
        pytest.param("for p in $(ls); do a $p; done", ["ls", "? a ~$p"], id="unknown loop"),
        pytest.param("for ((i=0;i<3;i++)); do a; done", ["? a"], id="arithmetic loop"),
        pytest.param("while read x; do a $x; done < f", ["read x", "? a ~$x"], id="while"),
        pytest.param("if a; then b; elif c; then d; else e; fi; f", ["a", "? b", "? c", "? d", "? e", "f"], id="if"),
        pytest.param("case $1 in a|b) c;; (*) d; esac; e", ["? c", "? d", "e"], id="case"),
        pytest.param("[ -f x ] && a; b && c", ["[ -f x ]", "? a", "b", "c"], id="and"),
        pytest.param("a || b && c; d", ["a", "? b", "? c", "d"], id="or"),
        pytest.param("! a && b", ["a", "? b"], id="not"),
        pytest.param("[[ -n $x && a < b ]] || c; (( x < 3 ))", ["? c"], id="conditions of bash"),
        pytest.param("if a; then X=1; else X=2; fi; b $X", ["a", "b ~$X"], id="assigned in branches"),
        pytest.param("[ $Y ] && X=1; b $X", ["[ ~$Y ]", "b ~1"], id="may be assigned"),
        pytest.param("f() { a $1; }; f x; f y", ["a x", "a y"], id="function"),
        pytest.param("function f { a; f; }\nf", ["a"], id="recursion"),
        pytest.param("f() {\n  a $1\n}\nb", ["b", "? a ~$1"], id="never called"),
        pytest.param("(X=1; a $X); a $X", ["a 1", "a ~$X"], id="subshell"),
        pytest.param("a; exit 1; b", ["a", "exit 1", "? b"], id="exit"),
        pytest.param("(exit); b", ["exit", "b"], id="exit of a subshell"),
        pytest.param("sudo -u root -E a b; env -i X=1 c; nohup d; exec e", ["a b", "c", "d", "e"], id="carriers"),
        pytest.param("command -v a", ["command -v a"], id="command asks"),
        pytest.param("sh -c 'a b; c'; sudo bash -ec \"d\"", ["a b", "c", "d"], id="shell in shell"),
        pytest.param("a <<E | b\nc $X\nE\nd", ["a", "b", "d"], id="here-document"),
        pytest.param("a <<-'E'\n\tb\n\tE\nc", ["a", "c"], id="here-document with tabs"),
        pytest.param("a 2>&1 >/dev/null <in b", ["a b"], id="redirections"),
        pytest.param("a --to <your address>:80 <ip>", ["a --to ~<your_address>:80 ~<ip>"], id="placeholders"),
        pytest.param("a <(b c)", ["a ~<(b_c)"], id="process substitution"),
        pytest.param("{ a; b; } | c", ["a", "b", "c"], id="group"),
        pytest.param("echo done fi if; a", ["echo done fi if", "a"], id="reserved words are words"),
    ],
)
def test_commands(text: str, expected: list[str]) -> None:
    assert lines(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[root@h ~]# a b\nout put (\n[root@h ~]# c \\\n> d\n", ["a b", "c d"], id="root@host"),
        pytest.param("user@h:~/x$ a\nout\n", ["a"], id="user@host"),
        pytest.param("$ a\nout\n$ b\n# c\n", ["a", "b"], id="dollar"),
        pytest.param("# a\n# b c\n", ["a", "b c"], id="hash on every line"),
        pytest.param("# a comment\nb\n", ["b"], id="a comment is no prompt"),
        pytest.param("#!/bin/sh\n# a\n", [], id="a script has no prompts"),
    ],
)
def test_prompts(text: str, expected: list[str]) -> None:
    assert lines(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "place", "message", "expected"),
    [
        ("a 'b\nc", "'", "a single quote is not closed", ["c"]),
        ('a "b\nc', '"', "a double quote is not closed", ["c"]),
        ("a $(b\nc", "(", "( is not closed", ["c"]),
        ("a ${b\nc", "{", "{ is not closed", ["c"]),
        ("a ${b:-1", "${", "${ is not closed", []),
        ("a |", "", "a command is missing", []),
        ("fi; a", "fi", "'fi' closes nothing", ["a"]),
        ("if a; then b", "if", "'if' has no 'fi'", ["a", "? b"]),
        ("for x in 1; do a", "for", "'for' has no 'done'", ["a"]),
        ("for 1 in 1\na", "for ", "a loop needs the name of a variable", ["a"]),
        ("case x in\n;;\nesac", "case", "a case needs 'pattern)'", []),
        ("a | | b\nc", "|", "a command cannot start with '|'", ["c"]),
        ("a <<E\nb", "E", "the here-document does not end", ["a"]),
        ("{ a; (b", "(", "'(' is not closed", ["a", "b"]),
    ],
)
def test_goes_on_after_an_error(text: str, place: str, message: str, expected: list[str]) -> None:
    source = Source("setup.sh", text)
    script, problems = parse(source)
    assert (source.slice(problems[0].span), problems[0].message) == (place, message)
    assert lines(script) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for i in {1..3}; do echo app$i; done", ["echo app1", "echo app2", "echo app3"]),
        ("echo 10.0.0.{11,12}:{a,b}", ["echo 10.0.0.11:a 10.0.0.11:b 10.0.0.12:a 10.0.0.12:b"]),
        ("echo {3..1} {01..03} {1..7..3} {a..c}", ["echo 3 2 1 01 02 03 1 4 7 a b c"]),
        ("echo {-1..1} x{,.bak}", ["echo -1 0 1 x x.bak"]),
        ("""echo '{1..3}' "{a,b}" {} {a} {{.ID}} {a,{b,c}}""", ["echo {1..3} {a,b} {} {a} {{.ID}} {a,{b,c}}"]),
        ("X={a,b}; echo $X", ["echo {a,b}"]),
    ],
)
def test_braces(text: str, expected: list[str]) -> None:
    assert lines(read(text)) == expected


def test_braces_without_end() -> None:
    for text in ("echo {1..999999}", "echo " + "{1..9}" * 50, "for i in {1..100000}; do echo $i; done"):
        script, _ = parse(Source("x.sh", text))
        assert len(script.commands) == 1
        assert not all(word.exact for word in script.commands[0].words)


def test_spans() -> None:
    source = Source("setup.sh", 'N=10.0.0.0/8\nsudo a -p "80:80" --x="1"2 $N # c\n')
    (command,) = parse(source)[0].commands
    assert source.slice(command.span) == 'sudo a -p "80:80" --x="1"2 $N'
    _, _, port, joined, net = command.words
    assert (source.slice(port.span), source.slice(port.part(3, 5))) == ("80:80", "80")
    assert (joined.text, source.slice(joined.part(4, 5)), source.slice(joined.part(5, 6))) == ("--x=12", "1", "2")
    assert (net.text, net.verbatim, source.slice(net.span)) == ("10.0.0.0/8", False, "$N")


def test_spans_inside_another_shell() -> None:
    source = Source("setup.sh", "sh -c 'a; b 10.0.0.0/8'")
    command = parse(source)[0].commands[1]
    assert source.slice(command.span) == "b 10.0.0.0/8"
    assert source.slice(command.words[1].part(0, 8)) == "10.0.0.0"


def test_what_a_command_sees() -> None:
    source = Source("setup.sh", "A=1\nexport B=2\nC=3\nexport C\nunset D\nE=5 x\nset -a\nF=6\ny")
    first, second = (one for one in parse(source)[0].commands if one.program in "xy")
    assert [(v.name, v.text, v.exported) for v in first.variables] == [
        ("A", "1", False),
        ("B", "2", True),
        ("C", "3", True),
        ("E", "5", True),
    ]
    assert [v.name for v in second.variables if v.exported] == ["B", "C", "F"]
    found = first.variable("B")
    assert found is not None
    assert source.slice(found.span) == "B"


def test_input_and_redirections() -> None:
    source = Source("setup.sh", "cat <<E | sudo tee -a /f\n*nat\nE\necho 1 > /proc/x\n")
    cat, tee, echo = parse(source)[0].commands
    assert tee.input == cat
    body = cat.redirects[0].body
    assert body is not None
    assert source.slice(body.span) == body.text == "*nat\n"
    assert [(r.operator, r.target.text, r.body) for r in echo.redirects] == [(">", "/proc/x", None)]


def test_program_name() -> None:
    (command,) = read("/usr/sbin/iptables -F").commands
    assert (command.program, command.words[0].text) == ("iptables", "/usr/sbin/iptables")


def test_a_script_that_runs_too_long_is_not_understood() -> None:
    numbers = " ".join(map(str, range(200)))
    script = read(f"for a in {numbers}; do for b in {numbers}; do x $a $b; done; done")
    assert [item.what for item in script.unsupported] == ["a script that runs too long to follow"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["/sbin/iptables", "-F"], ["/sbin/iptables -F"]),
        (["/bin/sh", "-c", "a 1; b"], ["a 1", "b"]),
        (["/usr/bin/env", "X=1", "a"], ["a"]),
        ([], []),
    ],
)
def test_commands_of_a_unit(words: list[str], expected: list[str]) -> None:
    text = " ".join(words)
    placed = [Word(word, Span("x.service", text.index(word), text.index(word) + len(word))) for word in words]
    found = commands_of(placed)
    assert [" ".join(word.text for word in command.words) for command in found] == expected
    assert all(text[w.span.start : w.span.end] == w.text for command in found for w in command.words)


TOKENS = (
    "a b 80 $X ${X:-1} $(b) ` ' \" \\ ; & | && || ( ) { } < > << <<E E # = X= X=1 if then else fi for in do done "
    "while case esac ;; function f() [[ ]] sudo sh -c $ [r@h]# $' <a>"
)
ALPHABET = st.sampled_from([*TOKENS.split(), " ", "\n", "\t", "é", "\r\n"])


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.lists(ALPHABET, max_size=40).map(" ".join), st.lists(ALPHABET, max_size=40).map("".join))
)
def test_never_raises_and_spans_hold(text: str) -> None:
    source = Source("setup.sh", text)
    script, problems = parse(source)
    for command in script.commands:
        _check(command, source)
    for problem in problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        assert problem.message


def _check(command: Command, source: Source) -> None:
    assert command.words
    for word in command.words:
        assert command.span.start <= word.span.start <= word.span.end <= command.span.end
        if word.verbatim:
            assert source.slice(word.span) == word.text
        for place, char in zip(word.offsets, word.text, strict=bool(word.offsets)):
            assert source.text[place] == char


def test_nesting_is_bounded() -> None:
    for text in (
        "( " * 500,
        "{ " * 500,
        "if " * 500,
        "f() " * 500,
        "${a:-" * 500,
        "sh -c '" * 3,
        "$(" * 500,
        "! " * 500,
    ):
        parse(Source("setup.sh", text))


@pytest.mark.skipif(not INCIDENTS.is_dir(), reason="the incident collection is not beside the project")
def test_incident_scripts_are_read_whole() -> None:
    paths = sorted(INCIDENTS.glob("*/*/**/*.sh"))
    assert len(paths) > 20
    for path in paths:
        script, problems = parse(Source(path.name, path.read_text()))
        assert not problems
        assert not script.unsupported
        assert script.commands


def test_values_that_double_are_not_followed_without_end() -> None:
    """Forty lines would stand for 5^40 characters."""
    text = "#!/bin/sh\nA=x\n" + "A=$A$A$A$A$A\n" * 40 + "ip route add $A via 10.0.0.1\n"
    tree, problems = parse(Source("setup.sh", text))
    assert not problems
    (command,) = [command for command in tree.commands if command.program == "ip"]
    assert all(len(word.text) <= MAX_VALUE for word in command.words)
    assert not command.words[3].exact
