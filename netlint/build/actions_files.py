"""Files of configuration that a script writes from a here-document: `cat > /etc/docker/daemon.json <<EOF`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from netlint.build.actions_host import set_sysctl
from netlint.build.daemon import build_daemon
from netlint.build.facts import HostFacts, Parsed
from netlint.parse import daemon_json, sysctl
from netlint.parse.placed import Placed
from netlint.parse.provision import Written, inner_path
from netlint.parse.shell import Command, Redirect
from netlint.parse.tree import Scalar, Unsupported, Word
from netlint.source import Source, Span

# Programs that scripts of containers do not call.
OF_HOSTS = frozenset("docker dockerd systemctl netplan nmcli ufw firewall-cmd weave kubeadm".split())
_EXPANDED = re.compile(r"\$[\w{(]|`")  # what the shell replaces, unless the delimiter is quoted
_DAEMON = re.compile(r"/etc/docker/daemon\.json")
_SYSCTL = re.compile(r"/etc/sysctl(?:\.d/[^/]+)?\.conf")


def here_documents(sources: Mapping[str, Source], commands: Iterable[Command]) -> Iterator[Written]:
    """The files below / that commands write by `cat` or `tee` from a here-document, but for those that `build_written`
    adds itself. `sources` are the texts that the commands stand in, by their paths."""
    for command in commands:
        given, targets = _given(command), _targets(command)
        source = sources.get(command.span.source)
        if given is None or given.body is None or source is None or not given.body.verbatim:
            continue
        for target, append in targets:
            own = _DAEMON.fullmatch(target.text) or _SYSCTL.fullmatch(target.text)
            if own is not None or not target.exact or not target.text.startswith("/"):
                continue
            placed = Placed(inner_path(source.path, target.text), source)
            at = given.body.span.start
            for line in given.body.text.splitlines(keepends=True):
                kept = line.lstrip("\t") if given.operator == "<<-" else line
                place = Span(source.path, at + len(line) - len(kept), at + len(line))
                placed.add(kept, place, verbatim=True)
                at += len(line)
            quoted = source.text[given.target.span.start - 1 : given.target.span.start] in ("'", '"', "\\")
            expanded = not quoted and _EXPANDED.search(given.body.text) is not None
            yield Written(
                path=Scalar(span=target.span, text=target.text, value=target.text),
                content=placed,
                append=append,
                certain=command.certain,
                completed="variables" if expanded else "",
            )


def _given(command: Command) -> Redirect | None:
    """The here-document that the command, or the one before it in a pipe, gets."""
    before = command.input
    redirects = (*command.redirects, *(before.redirects if before is not None else ()))
    return next((redirect for redirect in redirects if redirect.body is not None), None)


def _targets(command: Command) -> list[tuple[Word, bool]]:
    """The files that `cat` or `tee` writes, and whether it adds to them."""
    if command.program not in ("cat", "tee"):
        return []
    found = [
        (redirect.target, redirect.operator.startswith(">>"))
        for redirect in command.redirects
        if redirect.operator.startswith(">")
    ]
    if command.program == "tee":
        adds = any(word.text in ("-a", "--append") for word in command.words)
        found += [(word, adds) for word in command.words[1:] if not word.text.startswith("-")]
    return found


def build_written(command: Command, facts: HostFacts) -> None:
    """Add what the command writes by `cat` or `tee`, as far as the text is literal, where it is surely written."""
    if command.program not in ("cat", "tee"):
        return
    given = _given(command)
    body = given.body if given is not None else None
    if body is None:
        return
    literal = body.verbatim and body.exact and "$" not in body.text
    for target, _ in _targets(command):
        is_daemon = _DAEMON.fullmatch(target.text) is not None
        if not is_daemon and not _SYSCTL.fullmatch(target.text):
            continue
        if not command.certain:
            facts.unsupported(Unsupported(target.span, f"{target.text}, which only may be written"))
            continue
        if not literal:
            facts.unsupported(Unsupported(target.span, f"{target.text}, completed by variables"))
        if literal or (is_daemon and body.verbatim):
            _add_written(target.text, _source(body), literal, facts)


def _add_written(path: str, source: Source, literal: bool, facts: HostFacts) -> None:
    """Add what a file of configuration says that is written to `path`; `source` has its text where it stands, which is
    completed by variables unless it is `literal`."""
    if _DAEMON.fullmatch(path) and not any(span.source != source.path for span in facts.daemon_files):
        tree, problems = daemon_json.parse(source)
        facts.problems(problems if literal else [])
        build_daemon([Parsed(source, "daemon-json", tree)], facts)
    elif _SYSCTL.fullmatch(path):
        settings, problems = sysctl.parse(source)
        facts.problems(problems)
        for one in settings.settings:
            set_sysctl(one.key, one.value.text, one.value.span, True, facts)


def _source(body: Word) -> Source:
    """The text of the here-document at its own place in the script."""
    start = body.span.start
    return Source(body.span.source, (" " * (start - 1) + "\n" if start else "") + body.text)
