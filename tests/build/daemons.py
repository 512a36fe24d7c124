"""What the tests of dockerd's configuration are made with."""

from __future__ import annotations

from importlib import import_module

from netlint.build.daemon import build_daemon
from netlint.build.facts import HostFacts, Parsed
from netlint.formats import FORMATS
from netlint.model.daemon import Daemon, Option, OptionValue
from netlint.source import Source, Span

UNIT = "[Service]\nExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS\n"


class Built:
    """The facts of one host made of `files`: path to format and text."""

    def __init__(self, files: dict[str, tuple[str, str]]) -> None:
        self.facts = HostFacts("host")
        self.sources: dict[str, Source] = {}
        parsed: list[Parsed] = []
        for path, (kind, text) in files.items():
            source = self.sources[path] = Source(path, text)
            tree, problems = import_module(f"netlint.parse.{FORMATS[kind].parser}").parse(source)
            self.facts.problems(problems)
            parsed.append(Parsed(source, kind, tree))
        build_daemon(parsed, self.facts)
        self.daemon = Daemon(span=Span("", 0, 0), options=tuple(self.facts.options))

    def slice(self, span: Span) -> str:
        return self.sources[span.source].slice(span)

    def values(self) -> dict[str, OptionValue]:
        return {option.name: option.value for option in self.facts.options}

    def one(self, name: str) -> Option:
        (option,) = self.daemon.all(name)
        return option


def from_json(text: str) -> Built:
    return Built({"daemon.json": ("daemon-json", text)})


def from_flags(text: str) -> Built:
    return Built({"command.txt": ("dockerd-command", f"dockerd {text}")})


def from_host(**files: str) -> Built:
    """`unit`, `dropin`, `defaults`, `json` by their usual paths."""
    paths = {
        "unit": ("lib/systemd/system/docker.service", "systemd-unit"),
        "dropin": ("etc/systemd/system/docker.service.d/10-netlint.conf", "systemd-unit"),
        "defaults": ("etc/default/docker", "docker-defaults"),
        "json": ("etc/docker/daemon.json", "daemon-json"),
    }
    return Built({paths[name][0]: (paths[name][1], text) for name, text in files.items()})
