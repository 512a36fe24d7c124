"""Files that cloud-init, Ansible and scripts write, read as if they lay at their paths on the host.

They are parts of the file that writes them, and have no coverage of their own. What in them is not read or understood
is said at the place where it is written, so that the writer is read in part. A file that says nothing of networks is
passed over, as one of no known format is in a directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from netlint.build.actions_files import OF_HOSTS, here_documents
from netlint.build.compose_files import Library, ProjectFiles, project_files
from netlint.build.facts import HostFacts, Parsed
from netlint.formats import FORMATS
from netlint.model.given import InputProblem
from netlint.model.host import Host
from netlint.parse.placed import Placed
from netlint.parse.provision import Provision, Written
from netlint.parse.shell import Script
from netlint.parse.tree import Unsupported
from netlint.sniff import sniff
from netlint.source import Span

_BY_LINES = frozenset("sysctl docker-defaults resolv-conf env-file ifupdown shell-script".split())
# Files that mostly say nothing of networks: that they do not is nothing to tell.
_OF_NO_ACCOUNT = frozenset(("kubernetes", "cni", "flannel", "flannel-env", "env-file"))
# What somebody writes for a host; listings, which are printed, are not among it.
_READ = _BY_LINES | frozenset(
    """daemon-json systemd-unit iptables-save nft ipset kubernetes cni flannel flannel-env firewalld firewalld-conf ufw
    fail2ban netplan network-config route-file suse-routes wireguard openvpn compose""".split()
)


class Provisioned:
    """What the provisioning among the files of one host writes."""

    def __init__(self, parsed: Iterable[Parsed], facts: HostFacts) -> None:
        self.facts = facts
        self.files: list[Parsed] = []
        self.texts: dict[str, Placed] = {}
        self.of_no_account: set[str] = set()
        self.given = {file.format for file in parsed}
        self.paths = [f"/{file.source.path}" for file in parsed]
        for file in parsed:
            match file.tree:
                case Provision() as provision:
                    self.texts |= {text.path: text for text in (*provision.holders, *provision.texts)}
                    inner = {text.path: text.inner() for text in provision.texts}
                    self._add([*provision.files, *here_documents(inner, provision.commands)])
                case Script(commands=commands) if not facts.implied or any(one.program in OF_HOSTS for one in commands):
                    self._add(here_documents({file.source.path: file.source}, commands))
                case _:
                    pass

    @property
    def projects(self) -> Sequence[ProjectFiles]:
        """The Compose projects among the files."""
        found = [file for file in self.files if file.format in ("compose", "env-file")]
        return project_files(Library((), found)) if found else ()

    def _add(self, files: Iterable[Written]) -> None:
        written: dict[str, Written] = {}
        for one in files:
            before = written.get(one.path.text)
            if before is not None and one.append and before.certain and one.certain and not before.completed:
                before.content.extend(one.content)
                written[one.path.text] = replace(before, completed=one.completed)
            else:
                written[one.path.text] = one
        for one in written.values():
            self._read(one)

    def _read(self, one: Written) -> None:
        source, name = one.content.inner(), one.path.text
        found = sniff(source.text, name)
        if found not in _READ:
            return
        if found == "daemon-json" and name != "/etc/docker/daemon.json":  # a command may bring it there
            self.facts.unsupported(Unsupported(one.path.span, f"{name}, which dockerd does not read there"))
            return
        if found == "kubernetes" and "kind:" not in source.text:  # others have an apiVersion too
            return
        what = (
            f"{name}, completed by {one.completed}"
            if one.completed
            else f"{name}, which only may be written"
            if not one.certain
            else f"what is appended to {name}"
            if one.append and found not in _BY_LINES
            else None
        )
        if what is not None:
            self.facts.unsupported(Unsupported(one.path.span, what))
            if found != "daemon-json" or not one.certain or one.append:
                return
        if (found == "daemon-json" and found in self.given) or any(path.endswith(name) for path in self.paths):
            return  # dockerd reads one; what lies there was given
        self.given.add(found)
        tree, problems = import_module(f"netlint.parse.{FORMATS[found].parser}").parse(source)
        self.texts[source.path] = one.content
        self.facts.problems([] if one.completed else problems)
        self.facts.host_sources.add(source.path)
        self.files.append(Parsed(source, found, tree))
        if found in _OF_NO_ACCOUNT:
            self.of_no_account.add(source.path)

    def moved(self, host: Host) -> Host:
        """The host with all places of what is written moved to where it is written."""
        if not self.texts:
            return host
        for source in self.facts.left:
            text = self.texts.get(source.path)
            if text is not None and source.path not in self.of_no_account:
                reason = self.facts.unread.get(source.key, "")
                path = source.path.removeprefix(f"{text.source.path}:")
                self.facts.unsupported(Unsupported(Span(source.path, 0, 0), f"{path}: {reason}"))
        unread = {source.path for source in self.facts.left} & self.texts.keys()
        self.facts.left = [source for source in self.facts.left if source.path not in unread]
        self.facts.unreadable = [self._problem(one) for one in self.facts.unreadable if one.span.source not in unread]
        self.facts.not_understood = [self._problem(one) for one in self.facts.not_understood]
        moved = _Mover(self._span)(host)
        assert isinstance(moved, Host)
        return moved

    def _problem(self, problem: InputProblem) -> InputProblem:
        return replace(problem, span=self._span(problem.span))

    def _span(self, span: Span) -> Span:
        while (text := self.texts.get(span.source)) is not None:
            span = text.moved(span)
        return span


class _Mover:
    """Copies a model with other places. What occurs several times in it does so in the copy."""

    def __init__(self, place: Callable[[Span], Span]) -> None:
        self.place = place
        self.known: dict[int, tuple[Any, Any]] = {}  # with what it is of, so that its id stays its own

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Span):
            return self.place(value)
        if not isinstance(value, (Struct, tuple, dict)):
            return value
        if id(value) not in self.known:
            self.known[id(value)] = (value, self._copy(value))
        return self.known[id(value)][1]

    def _copy(self, value: Any) -> Any:
        if isinstance(value, Struct):
            before = {name: getattr(value, name) for name in value.__struct_fields__}
            after = {name: self(one) for name, one in before.items()}
            changed = {name: one for name, one in after.items() if one is not before[name]}
            return replace(value, **changed) if changed else value
        if isinstance(value, dict):
            return {self(key): self(one) for key, one in value.items()}
        after_all = [self(one) for one in value]
        if all(one is other for one, other in zip(after_all, value, strict=True)):
            return value
        return type(value)(*after_all) if hasattr(value, "_fields") else tuple(after_all)
