"""Files of configuration that a script writes from a here-document: `cat > /etc/docker/daemon.json <<EOF`."""

from __future__ import annotations

import re

from netlint.build.actions_host import set_sysctl
from netlint.build.daemon import build_daemon
from netlint.build.facts import HostFacts, Parsed
from netlint.parse import json, sysctl
from netlint.parse.shell import Command
from netlint.parse.tree import Word
from netlint.source import Source

_DAEMON = re.compile(r"/etc/docker/daemon\.json")
_SYSCTL = re.compile(r"/etc/sysctl(?:\.d/[^/]+)?\.conf")


def build_written(command: Command, facts: HostFacts) -> None:
    """Add what the command writes by `cat` or `tee`, where the text is literal and surely written."""
    if command.program not in ("cat", "tee") or not command.certain:
        return
    body = next((redirect.body for redirect in command.redirects if redirect.body is not None), None)
    before = command.input
    if body is None and before is not None:
        body = next((redirect.body for redirect in before.redirects if redirect.body is not None), None)
    if body is None or not body.verbatim or not body.exact or "$" in body.text:
        return
    targets = [redirect.target for redirect in command.redirects if redirect.operator.startswith(">")]
    if command.program == "tee":
        targets += [word for word in command.words[1:] if not word.text.startswith("-")]
    for target in targets:
        _add_written(target.text, _source(body), facts)


def _add_written(path: str, source: Source, facts: HostFacts) -> None:
    """Add what a file of configuration says that is written to `path`; `source` has its text where it stands."""
    if _DAEMON.fullmatch(path) and not any(span.source != source.path for span in facts.daemon_files):
        tree, problems = json.parse(source)
        facts.problems(problems)
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
