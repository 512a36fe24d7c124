"""What a dump says of itself: commands that were not run, took too long or were cut off.

Sources: sos/report/plugins/__init__.py of sosreport 4.0 to 4.8 (`commands`, `timeout_hit`; `truncated` from 4.3 on).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netlint.build.facts import HostFacts, Parsed
from netlint.model.host import Gap
from netlint.parse.collect_manifest import Ran
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.source import Span

# Which fact a command lists, by the beginning of its line. What lists others is of no account.
_FACTS = (
    (re.compile(r"(?:ip6?tables(?:-\w+)*|nft|ipset)\b"), "firewall"),
    (re.compile(r"ip\b(?: -\w+)* (?:addr|address|link)\b|ifconfig\b"), "addresses"),
    (re.compile(r"ip\b(?: -\w+)* route\b|route\b|netstat\b.* -\w*r"), "routes"),
    (re.compile(r"ip\b(?: -\w+)* neigh|arp\b"), "neighbours"),
    (re.compile(r"(?:docker|podman) network\b"), "networks"),
    (re.compile(r"(?:docker|podman) (?:info|version)\b"), "engine"),
)
# Plugins of sosreport whose commands list these facts: where one was ended, nobody knows what is missing.
_PLUGINS = {
    "networking": ("addresses", "routes", "firewall", "neighbours"),
    "firewall_tables": ("firewall",),
    "docker": ("networks", "engine"),
}
_TIMED_OUT = 124
_NOT_RUN = (126, 127)


def build_sos_manifest(files: list[Parsed], facts: HostFacts) -> None:
    """Add what sosreport did not get. A command that is not there is a gap only where no other lists the same."""
    for file in files:
        for document in file.tree:
            for name, plugin in _plugins(document):
                _add_plugin(name, plugin, facts)


def _plugins(document: Node) -> Iterator[tuple[Scalar, Mapping]]:
    plugins: Node | None = document
    for key in ("components", "report", "plugins"):
        plugins = plugins.get(key) if isinstance(plugins, Mapping) else None
    for name, plugin in plugins.items() if isinstance(plugins, Mapping) else ():
        if isinstance(plugin, Mapping):
            yield name, plugin


def _add_plugin(name: Scalar, plugin: Mapping, facts: HostFacts) -> None:
    hit = plugin.get("timeout_hit")
    if isinstance(hit, Scalar) and hit.value is True:
        for need in _PLUGINS.get(name.text, ()):
            facts.gaps.append(Gap(need, f"sosreport ended its plugin {name.text}, which took too long", name.span))
    commands = plugin.get("commands")
    for entry in commands.items if isinstance(commands, Sequence) else ():
        if not isinstance(entry, Mapping):
            continue
        line, status, cut = entry.get("exec"), entry.get("return_code"), entry.get("truncated")
        if not isinstance(line, Scalar):
            continue
        code = status.value if isinstance(status, Scalar) else None
        if code == _TIMED_OUT:
            _add(line.text, "took too long", line.span, facts)
        elif isinstance(cut, Scalar) and cut.value is True:
            _add(line.text, "was cut off", line.span, facts)
        elif code in _NOT_RUN and not _listed(line.text, plugin):
            _add(line.text, "could not be run", line.span, facts)


def _listed(line: str, plugin: Mapping) -> bool:
    """Whether another command of the plugin lists the same fact."""
    commands = plugin.get("commands")
    entries = [one for one in (commands.items if isinstance(commands, Sequence) else ()) if isinstance(one, Mapping)]
    ran = (
        other.text
        for entry in entries
        if isinstance(status := entry.get("return_code"), Scalar) and status.value == 0
        if isinstance(other := entry.get("exec"), Scalar)
    )
    return any(_fact(other) == _fact(line) for other in ran)


def build_collect_manifest(files: list[Parsed], facts: HostFacts) -> None:
    """Add the commands that the collect script ended. A neighbour table without an entry leaves no file."""
    for file in files:
        ran: list[Ran] = file.tree
        for one in ran:
            if one.status == _TIMED_OUT:
                _add(one.command, "took too long", one.span, facts)
            if one.status == 0 and one.file == "ip-neigh.txt" and facts.neighbours is None:
                facts.neighbours = []


def _fact(line: str) -> str | None:
    return next((need for pattern, need in _FACTS if pattern.match(line.rpartition("/")[2])), None)


def _add(line: str, what: str, span: Span, facts: HostFacts) -> None:
    need = _fact(line)
    if need is not None:
        facts.gaps.append(Gap(need, f"{line} {what}", span))
