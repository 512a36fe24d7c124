"""All files to one site: parse each, let the builders gather facts host by host, freeze the result."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.build.facts import HostFacts, NamespaceFacts, Parsed
from netlint.build.join import join_networks
from netlint.build.shown_bridges import shown_bridges
from netlint.discover import Input
from netlint.formats import FORMATS
from netlint.hosts import HostInputs
from netlint.model.daemon import Daemon, EngineVersion
from netlint.model.given import IgnoreComment, InputProblem, Reserved
from netlint.model.host import Host, Namespace, Site
from netlint.model.located import Located
from netlint.parse.tree import Unsupported
from netlint.pattern import pattern
from netlint.run import FileCoverage
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.build.provisioned import Provisioned
    from netlint.model.action import Action
    from netlint.model.container import VethPair
    from netlint.model.interface import Interface

WRITERS = frozenset(("ansible", "cloud-config", "shell-script"))  # formats whose files write others


class ReadHost(Struct, frozen=True):
    """A host that was read, what became of its files, and what in them was not read or is not modelled."""

    host: Host
    files: list[FileCoverage]
    unreadable: list[InputProblem]
    not_understood: list[InputProblem]


class SiteBuilder:
    """Takes hosts one by one; `site()` and `files` hold the result.

    `missing` says what is wrong with a path that another file names, if anything is for certain.
    """

    def __init__(
        self,
        engine: EngineVersion | None = None,
        reserved: tuple[Reserved, ...] = (),
        missing: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.missing = missing
        self._told: set[tuple[Span, str]] = set()
        self.engine = engine
        self.reserved = reserved
        self.hosts: list[Host] = []
        self.files: list[FileCoverage] = []
        self.unreadable: list[InputProblem] = []
        self.not_understood: list[InputProblem] = []

    def add(self, group: HostInputs) -> None:
        """Read the files of one host."""
        self.take(self.read(group))

    def take(self, one: ReadHost) -> None:
        """Take a host that was read."""
        self.hosts.append(one.host)
        self.files += one.files
        self.unreadable += self._new(one.unreadable)
        self.not_understood += self._new(one.not_understood)

    def read(self, group: HostInputs) -> ReadHost:
        """What the files of one host say. Nothing here changes: another process may read it."""
        facts = HostFacts(group.name, group.implied)
        own = [item for item in group.inputs if item.namespace is None] or group.inputs
        facts.first = Span(own[0].source.path, 0, 0) if own else None
        facts.project_files = group.projects
        facts.missing = self.missing
        facts.linked = tuple(self._linked(group))
        provisioned: Provisioned | None = None
        for name, inside in _by_namespace(group.inputs).items():
            if name is not None:
                facts.namespaces[name] = NamespaceFacts(name, inside[0].source.span(0, 0), _namespace(inside, facts))
            else:
                parsed = [file for item in inside if (file := _parse(item, facts)) is not None]
                provisioned = _provisioned(parsed, facts)
                if provisioned is not None and provisioned.projects:
                    facts.project_files = (*(group.projects or ()), *provisioned.projects)
                _build([*parsed, *(provisioned.files if provisioned is not None else ())], facts)
        host = finish(facts, self.engine)
        host = host if provisioned is None else provisioned.moved(host)
        unreadable = [
            problem for problem in facts.unreadable if not any(source.holds(problem.span) for source in facts.left)
        ]
        files = []
        counts = Counter(problem.span.source for problem in unreadable)
        partly = counts + Counter(item.span.source for item in facts.not_understood)
        for item in group.inputs:
            source = item.source
            problems, gaps = counts[source.path], partly[source.path]
            if gaps and source.whole is not source:
                problems = sum(source.holds(problem.span) for problem in unreadable)
                gaps = problems + sum(source.holds(gap.span) for gap in facts.not_understood)
            files.append(
                FileCoverage(
                    path=source.path,
                    format=item.format,
                    host=host.name,
                    status="unread" if source.key in facts.unread else "partial" if gaps else "read",
                    problems=problems,
                    reason=facts.unread.get(source.key, ""),
                )
            )
        return ReadHost(host, files, unreadable, facts.not_understood)

    def _new(self, problems: Iterable[InputProblem]) -> Iterator[InputProblem]:
        """Those at other places or of other content than before: projects of several hosts can share a file."""
        for problem in problems:
            if (problem.span, problem.message) not in self._told:
                self._told.add((problem.span, problem.message))
                yield problem

    def _linked(self, group: HostInputs) -> Iterator[Parsed]:
        """The files of other hosts that this one needs; what is wrong with them is said where they belong."""
        for item in group.linked:
            parsed = _parse(item, HostFacts(None))
            if parsed is not None:
                yield parsed

    def site(self, ignores: Iterable[IgnoreComment] = ()) -> Site:
        return Site(
            hosts=tuple(self.hosts),
            reserved=self.reserved,
            unreadable=tuple(self.unreadable),
            not_understood=tuple(self.not_understood),
            ignores=tuple(ignores),
        )


def _provisioned(parsed: list[Parsed], facts: HostFacts) -> Provisioned | None:
    """What the files write that write others; None where there is no such file."""
    if not any(file.format in WRITERS for file in parsed):
        return None
    from netlint.build.provisioned import Provisioned  # noqa: PLC0415 - reads scripts, and few inputs have any

    return Provisioned(parsed, facts)


def _by_namespace(inputs: Iterable[Input]) -> dict[str | None, list[Input]]:
    """The inputs of each network namespace, those of the host itself last."""
    spaces: dict[str | None, list[Input]] = {}
    for item in inputs:
        spaces.setdefault(item.namespace, []).append(item)
    spaces[None] = spaces.pop(None, [])
    return spaces


def _build(parsed: list[Parsed], facts: HostFacts) -> None:
    """Let every builder gather its facts from the files that are for it."""
    first = [known.builder for known in FORMATS.values()]
    for builder in dict.fromkeys(name for name in [*first, *(known.also for known in FORMATS.values())] if name):
        files = [file for file in parsed if builder in (FORMATS[file.format].builder, FORMATS[file.format].also)]
        if files:
            module, _, function = builder.partition(":")
            getattr(import_module(f"netlint.build.{module}"), function)(files, facts)


def _namespace(inputs: Iterable[Input], host: HostFacts) -> HostFacts:
    """The facts of one network namespace; what could not be read in them is said of the host."""
    facts = HostFacts(host.name, host.implied)
    _build([file for item in inputs if (file := _parse(item, facts)) is not None], facts)
    host.unreadable += facts.unreadable
    host.not_understood += facts.not_understood
    host.unread |= facts.unread
    host.left += facts.left
    return facts


_TEMPLATE_MARK = pattern(r"\{\{|\{%|<%")
_VARIABLE = pattern(r"[$%]\{")
_A_TEMPLATE = "a template: give what it is rendered to"


def _parse(item: Input, facts: HostFacts) -> Parsed | None:
    """The tree of a file, with its problems noted; None for one that netlint does not take in."""
    known, source = FORMATS[item.format], item.source
    if not known.parser:
        reason = _A_TEMPLATE if item.format == "template" else ""
        facts.leave_unread(source, reason or f"netlint does not read {known.title} yet")
        return None
    tree, problems = import_module(f"netlint.parse.{known.parser}").parse(source)
    template = bool(problems) and _is_template(item)
    if template and any(problem.fatal for problem in problems):
        facts.leave_unread(source, _A_TEMPLATE)
        return None
    if template:
        what = f"a template of {known.title}: {len(problems)} of its places cannot be read before they are filled in"
        facts.unsupported(Unsupported(problems[0].span, what))
    else:
        facts.problems(problems)
    fatal = next((problem for problem in problems if problem.fatal), None)
    if fatal is not None:
        facts.unread[source.key] = fatal.message
    return Parsed(source, item.format, tree)


def _is_template(item: Input) -> bool:
    """Whether a tool fills the file in before a program reads it. One at its place in /etc is filled in."""
    text, path = item.source.text, item.source.path
    return _TEMPLATE_MARK.search(text) is not None or (
        item.format == "daemon-json"
        and _VARIABLE.search(text) is not None
        and not f"/{path}".endswith("/etc/docker/daemon.json")
    )


def finish(facts: HostFacts, engine: EngineVersion | None = None) -> Host:
    """Freeze the facts. `engine` is the version to assume where no file states it."""
    span = facts.first or Span("", 0, 0)
    version = facts.engines[0] if facts.engines else None
    if version is None and engine is not None:
        version = Located(engine, span, exact=False)
    daemon = None
    if facts.daemon_files or facts.options or facts.exec_starts or facts.pools is not None:
        daemon = Daemon(
            span=facts.daemon_files[0] if facts.daemon_files else span,
            options=tuple(facts.options),
            pools=None if facts.pools is None else tuple(facts.pools),
            files=tuple(facts.daemon_files),
            exec_starts=tuple(facts.exec_starts),
            unused_defaults=tuple(facts.unused_defaults),
        )
    scripted: tuple[Interface, ...] = ()
    veths: tuple[VethPair, ...] = ()
    actions: tuple[Action, ...] = ()
    if facts.actions:
        from netlint.build.each_start import with_each_start  # noqa: PLC0415 - scripts alone have actions
        from netlint.build.scripted import scripted_links  # noqa: PLC0415 - the same

        scripted = scripted_links(facts.actions, facts.host_sources)
        actions = tuple(with_each_start(facts.actions))
    if facts.namespaces or facts.learned or facts.peers:
        from netlint.build.veths import pair_veths  # noqa: PLC0415 - only a host's listings tell of containers' links

        veths = pair_veths(facts)
    return Host(
        name=None if facts.implied else facts.name,
        span=span,
        implied=facts.implied,
        engine=version,
        compose=facts.compose,
        interfaces=None if facts.interfaces is None else tuple(facts.interfaces),
        scripted=scripted,
        routes=None if facts.routes is None else tuple(facts.routes),
        routing_rules=None if facts.routing_rules is None else tuple(facts.routing_rules),
        rulesets=tuple(facts.rulesets),
        resolver=facts.resolver,
        listeners=None if facts.listeners is None else tuple(facts.listeners),
        neighbours=None if facts.neighbours is None else tuple(facts.neighbours),
        bridge_ports=None if facts.bridge_ports is None else tuple(facts.bridge_ports),
        bridges_listed=tuple(facts.bridges.items()),
        containers=None if facts.containers is None else tuple(facts.containers),
        namespaces=tuple(_frozen(one) for one in facts.namespaces.values()),
        veths=veths,
        configured=tuple(facts.configured),
        managed=tuple(facts.managed),
        firewalld=facts.firewalld,
        ufw=facts.ufw,
        jails=tuple(facts.jails),
        sysctls=None if facts.sysctls is None else tuple(facts.sysctls),
        daemon=daemon,
        networks=join_networks(facts.networks, facts.interfaces, shown_bridges(facts.routes, facts.rulesets)),
        networks_listed=facts.networks_listed,
        projects=tuple(facts.projects),
        actions=actions,
        swarm=facts.swarm,
        swarm_services=tuple(facts.swarm_services),
        swarm_nodes=tuple(facts.swarm_nodes),
        weave=tuple(facts.weave),
        cluster=facts.cluster.finish(),
        gaps=tuple(facts.gaps),
    )


def _frozen(space: NamespaceFacts) -> Namespace:
    facts = space.facts
    return Namespace(
        name=space.name,
        span=space.span,
        interfaces=None if facts.interfaces is None else tuple(facts.interfaces),
        routes=None if facts.routes is None else tuple(facts.routes),
        rulesets=tuple(facts.rulesets),
        resolver=facts.resolver,
        neighbours=None if facts.neighbours is None else tuple(facts.neighbours),
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """The garbage collector off: a large dump makes millions of objects and no cycles (measured: 74 s against 25 s)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
