"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from msgspec import Struct

from netlint import __version__
from netlint.parsers import Parser

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html")
SEVERITIES = ("error", "warning", "note")
CONFIDENCES = ("high", "medium", "low")
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")

_EXIT = """exit status:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  usage or configuration error; nothing was checked
  3  coverage gap: no input was recognised, or a file given by name could not
     be read"""

_START = """to begin with:
  netlint check               what is wrong in this directory
  netlint check dump.tar.gz   what is wrong on a server
  netlint explain NL101       what a finding means
  netlint check --help        every option of a command"""

_CHECK = """Everything that is given is read together: a defect may lie between two files. What was not read, and what
could not be checked for want of input, is said at the end."""

_EXAMPLES = """examples:
  netlint check
  netlint check dump.tar.gz --confidence low
  netlint check --format text --format sarif=netlint.sarif
  ssh host iptables-save | netlint check - --as iptables-save"""

_SHOW = """examples:
  netlint show dump/
  netlint show dump/ --format dot | dot -Tsvg -o network.svg"""

_BASELINE = """All findings, of any severity and confidence, that nothing suppresses are written down. They are known by
rule and content, not by line. netlint check --baseline FILE then shows those that are not among them."""

_NEW_RULE = """A rule is one file: its docstring is its documentation and holds its examples. netlint check --rules DIR
runs the rules of a folder beside its own."""

_COMPLETION = """to install it:
  netlint completion bash > ~/.local/share/bash-completion/completions/netlint
  netlint completion zsh > ~/.zfunc/_netlint    (with ~/.zfunc in fpath)
  netlint completion fish > ~/.config/fish/completions/netlint.fish"""


_FIX = """Writes the fixes of findings into the files. Comments and layout stay. A fix is kept only if, on the changed
text, its finding is gone, none has come, and nothing else of the file has changed. Files inside archives are not
written: their changes are printed. Standard input is printed with its fixes made."""

_FIX_EXIT = """exit status:
  0  nothing at or above --fail-on is left
  1  findings are left, or there are changes that were not written (--diff, an
     archive)
  2  usage or configuration error; nothing was changed
  3  coverage gap: no input was recognised, or a file given by name could not
     be read"""

_PLAN_EXIT = """exit status:
  0  as many subnets as were asked for
  1  fewer are free
  2  usage or configuration error
  3  no input was recognised

examples:
  netlint plan dump/ --count 3
  netlint plan --prefix 26 --from 10.20.0.0/16
  netlint plan --prefix 64"""

_COLLECT = """Prints a shell script that gathers, read-only, the listings and files that netlint reads of a host into
one archive on its standard output. It runs in any POSIX shell. The environment, arguments and labels of containers are
left out; keys, passwords and tokens in files are replaced."""

_FETCH = """examples:
  netlint collect > netlint-collect.sh
  ssh root@host 'sh -s' < netlint-collect.sh > host.tar.gz
  netlint check host.tar.gz
  netlint collect --output here.tar.gz"""

_FLOW = """a flow is:
  PROTO from ENDPOINT [port N] to ENDPOINT[:PORT] [via INTERFACE]
  PROTO is tcp, udp, icmp or a number; an ENDPOINT is an address,
  container NAME, host, host NAME, lan or internet.

examples:
  netlint trace dump/ 'tcp from container web to 10.0.0.5:5432'
  netlint trace dump/ 'udp from internet to container dns:53'
  netlint trace dump/ 'icmp from 192.168.1.7 to host via eth0'"""


def parser(words: Sequence[str] = ()) -> Parser:
    """The parser of the whole command line; `command` in its result names the command.

    Where `words` begin with a command it has this one only, which parses them as the whole would: to add the options of
    all takes a good part of a check's time.
    """
    top = Parser(
        prog="netlint",
        description="Static analyser for the network configuration of container hosts: Compose files, daemon.json, "
        "systemd units, firewall dumps, routes and what else a server dump holds, read together.",
        epilog=f"{_START}\n\n{_EXIT}",
    )
    top.add_argument("--version", action="version", version=f"netlint {__version__}", help="show the version")
    commands = top.add_subparsers(prog=top.prog, dest="command", metavar="COMMAND", required=True, title="commands")
    first = words[0] if words else ""
    for one in [one for one in _COMMANDS if one.name == first] or _COMMANDS:
        description = one.description or one.help[:1].upper() + one.help[1:] + "."
        usage = f"netlint {one.name} {one.usage}"
        one.fill(
            commands.add_parser(
                one.name, help=one.help, usage=usage, description=description, epilog=one.epilog or None
            )
        )
    return top


def _inputs(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("input")
    group.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="file, directory, .tar, .tar.gz or .zip archive, or - for standard input (default: .)",
    )
    group.add_argument(
        "--as",
        dest="as_format",
        metavar="FORMAT",
        help="take standard input, and every file given by name, as FORMAT (such as iptables-save)",
    )
    group.add_argument("--stdin-filename", metavar="NAME", help="what to call standard input (default: stdin)")
    group.add_argument("--engine", metavar="VERSION", help="Docker version where the input does not say, such as 20.10")
    group.add_argument("--config", metavar="FILE", help="configuration (default: netlint.toml or pyproject.toml above)")
    group.add_argument("--no-config", action="store_true", help="use no configuration")


def _rule_choice(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("rules")
    group.add_argument("--select", metavar="RULE,…", help="only these rules: slug, code or prefix of a code (NL1)")
    group.add_argument("--ignore", metavar="RULE,…", help="leave these rules out")
    group.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")


def _check(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    _rule_choice(command)
    report = command.add_argument_group("report")
    report.add_argument(
        "--format",
        action="append",
        dest="formats",
        metavar="F[=FILE]",
        help=f"{', '.join(FORMATS)}; repeatable, each to its own FILE (default: text)",
    )
    _level(report, "--severity", SEVERITIES, "note", "lowest shown")
    _level(report, "--confidence", CONFIDENCES, "medium", "lowest shown")
    _level(report, "--fail-on", SEVERITIES, "warning", "lowest that fails")
    report.add_argument("--exit-zero", action="store_true", help="exit 0 whatever was found")
    report.add_argument("--statistics", action="store_true", help="count findings by rule, on standard error")
    report.add_argument("--quiet", "-q", action="store_true", help="findings only, no summary of what was read")
    report.add_argument("--verbose", "-v", action="store_true", help="name every file, place and step")
    _when(report, "--color", "colour; NO_COLOR switches it off")
    _when(report, "--hyperlinks", "links to the files, for terminals that know them")
    report.add_argument("--no-progress", action="store_true", help="say nothing on standard error while at work")
    report.add_argument(
        "--jobs", metavar="N", type=_jobs, default=1, help="processes that read hosts and run the rules (default: 1)"
    )
    report.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    known = command.add_argument_group("what is known already")
    known.add_argument("--baseline", metavar="FILE", help="show only what this file (netlint baseline) does not accept")
    known.add_argument(
        "--changed-files",
        nargs="*",
        metavar="FILE",
        help="read everything, report only what touches these files (for pre-commit)",
    )
    known.add_argument("--no-ignores", action="store_true", help="show what comments and configuration suppress")
    known.add_argument("--no-suppressed", action="store_true", help="leave suppressed findings out of all formats")
    known.add_argument("--warn-unused-ignores", action="store_true", help="report suppressions that suppress nothing")
    known.add_argument("--show-config", action="store_true", help="print the configuration that holds, check nothing")


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of processes from 1 to 256")
    return int(text)


def _level(group: argparse._ArgumentGroup, name: str, levels: tuple[str, ...], default: str, help: str) -> None:
    group.add_argument(
        name,
        choices=levels,
        metavar="LEVEL",
        default=default,
        help=f"{help}: {', '.join(levels)} (default: {default})",
    )


def _when(group: argparse._ActionsContainer, name: str, help: str) -> None:
    choices = ("auto", "always", "never")
    group.add_argument(name, choices=choices, metavar="WHEN", default="auto", help=f"{help}: {', '.join(choices)}")


def _collect(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--output", metavar="FILE", help="run the script here, and write the archive (.tar.gz) to FILE"
    )


def _baseline(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    _rule_choice(command)
    command.add_argument("--write", metavar="FILE", help="the file to write (default: standard output)")
    command.add_argument("--no-progress", action="store_true", help="say nothing on standard error while at work")


def _new_rule(command: argparse.ArgumentParser) -> None:
    command.add_argument("slug", metavar="SLUG", help="its name, which says what is wrong: subnet-overlap")
    command.add_argument("--rules", metavar="DIR", default="rules", help="the folder to put it in (default: rules)")
    command.add_argument("--code", help="its code, not one of netlint's (default: the next free MY001)")


def _completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("rule", metavar="RULE", help="slug or code")
    command.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")
    _when(command, "--color", "colour")


def _rules(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")
    command.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")


def _show(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument("--format", choices=("text", "json", "mermaid", "dot"), default="text", help="default: text")


def _plan(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument(
        "--prefix", type=int, metavar="N", help="length in bits, over 32 for IPv6 (default: 24, or 64)"
    )
    command.add_argument("--count", type=int, default=1, metavar="K", help="how many (default: 1)")
    command.add_argument(
        "--from",
        dest="within",
        action="append",
        default=[],
        metavar="RANGE",
        help="take them from this range; repeatable, first come first (default: private space)",
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _fix(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument("--diff", action="store_true", help="show what would be changed, write nothing")
    command.add_argument(
        "--unsafe", action="store_true", help="make fixes too that may change what works, such as another subnet"
    )
    _rule_choice(command)
    report = command.add_argument_group("report")
    _level(report, "--severity", SEVERITIES, "note", "lowest repaired")
    _level(report, "--confidence", CONFIDENCES, "medium", "lowest repaired")
    _level(report, "--fail-on", SEVERITIES, "warning", "lowest that fails")
    report.add_argument("--exit-zero", action="store_true", help="exit 0 whatever is left")


def _trace(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument("flow", metavar="FLOW", help="the packet, in one argument: 'tcp from lan to host:8080'")
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


class _Command(Struct, frozen=True):
    """A command: its name, what adds its options, and its texts. `usage` is what follows the name."""

    name: str
    fill: Callable[[Parser], None]
    help: str
    usage: str
    description: str = ""
    epilog: str = ""


_PATHS = "[options] [PATH ...]"
_COMMANDS = (
    _Command(
        "check",
        _check,
        "check files, directories, archives or a server dump",
        _PATHS,
        description=_CHECK,
        epilog=f"{_EXAMPLES}\n\n{_EXIT}",
    ),
    _Command("explain", _explain, "what a rule means, why it matters, how to fix it", "[options] RULE"),
    _Command("rules", _rules, "list every rule", "[options]"),
    _Command("show", _show, "the model: hosts, address plan, networks, published ports", _PATHS, epilog=_SHOW),
    _Command(
        "trace",
        _trace,
        "the way of one packet: routes, rules, translations, and its answer",
        "[options] [PATH ...] FLOW",
        epilog=_FLOW,
    ),
    _Command("fix", _fix, "make the fixes that rules offer, or show them", _PATHS, description=_FIX, epilog=_FIX_EXIT),
    _Command("plan", _plan, "subnets for new networks that nothing in the input claims", _PATHS, epilog=_PLAN_EXIT),
    _Command(
        "collect",
        _collect,
        "gather what an audit needs of a host",
        "[--output FILE]",
        description=_COLLECT,
        epilog=_FETCH,
    ),
    _Command(
        "baseline", _baseline, "accept today's findings, to be told of new ones only", _PATHS, description=_BASELINE
    ),
    _Command(
        "new-rule", _new_rule, "write the skeleton of a rule of your own", "[options] SLUG", description=_NEW_RULE
    ),
    _Command("completion", _completion, "completion for a shell", "SHELL", epilog=_COMPLETION),
)
