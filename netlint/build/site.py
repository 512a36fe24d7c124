"""All files to one site: parse each, let the builders gather facts host by host, freeze the result."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module

from netlint.build.facts import HostFacts, Parsed
from netlint.build.join import join_networks
from netlint.formats import FORMATS
from netlint.hosts import HostInputs
from netlint.model.daemon import Daemon, EngineVersion
from netlint.model.host import Host, IgnoreComment, InputProblem, Reserved, Site
from netlint.model.located import Located
from netlint.run import FileCoverage
from netlint.source import Span


class SiteBuilder:
    """Takes hosts one by one; `site()` and `files` hold the result."""

    def __init__(self, engine: EngineVersion | None = None, reserved: tuple[Reserved, ...] = ()) -> None:
        self.engine = engine
        self.reserved = reserved
        self.hosts: list[Host] = []
        self.files: list[FileCoverage] = []
        self.unreadable: list[InputProblem] = []
        self.not_understood: list[InputProblem] = []

    def add(self, group: HostInputs) -> None:
        """Read the files of one host."""
        facts = HostFacts(group.name, group.implied)
        parsed: list[Parsed] = []
        unread: dict[str, str] = {}
        for item in group.inputs:
            known = FORMATS[item.format]
            path = item.source.path
            if facts.first is None:
                facts.first = Span(path, 0, 0)
            if item.namespace is not None:
                unread[path] = f"belongs to the network namespace of {item.namespace}"
            elif not known.parser:
                unread[path] = f"netlint does not read {known.title} yet"
            else:
                tree, problems = import_module(f"netlint.parse.{known.parser}").parse(item.source)
                fatal = next((problem for problem in problems if problem.fatal), None)
                if fatal is not None:
                    unread[path] = fatal.message
                facts.problems(problems)
                parsed.append(Parsed(item.source, item.format, tree))
        first = [known.builder for known in FORMATS.values()]
        for builder in dict.fromkeys(name for name in [*first, *(known.also for known in FORMATS.values())] if name):
            files = [file for file in parsed if builder in (FORMATS[file.format].builder, FORMATS[file.format].also)]
            if files:
                module, _, function = builder.partition(":")
                getattr(import_module(f"netlint.build.{module}"), function)(files, facts)
        self.hosts.append(finish(facts, self.engine))
        self.unreadable += facts.unreadable
        self.not_understood += facts.not_understood
        counts = Counter(problem.span.source for problem in facts.unreadable)
        partly = counts + Counter(item.span.source for item in facts.not_understood)
        for item in group.inputs:
            path = item.source.path
            status = "unread" if path in unread else "partial" if partly[path] else "read"
            self.files.append(
                FileCoverage(
                    path=path,
                    format=item.format,
                    host=group.name,
                    status=status,
                    problems=counts[path],
                    reason=unread.get(path, ""),
                )
            )

    def site(self, ignores: Iterable[IgnoreComment] = ()) -> Site:
        return Site(
            hosts=tuple(self.hosts),
            reserved=self.reserved,
            unreadable=tuple(self.unreadable),
            not_understood=tuple(self.not_understood),
            ignores=tuple(ignores),
        )


def finish(facts: HostFacts, engine: EngineVersion | None = None) -> Host:
    """Freeze the facts. `engine` is the version to assume where no file states it."""
    span = facts.first or Span("", 0, 0)
    version = facts.engines[0] if facts.engines else None
    if version is None and engine is not None:
        version = Located(engine, span, exact=False)
    daemon = None
    if facts.daemon_files or facts.options or facts.exec_starts:
        daemon = Daemon(
            span=facts.daemon_files[0] if facts.daemon_files else span,
            options=tuple(facts.options),
            pools=None if facts.pools is None else tuple(facts.pools),
            files=tuple(facts.daemon_files),
            exec_starts=tuple(facts.exec_starts),
            unused_defaults=tuple(facts.unused_defaults),
        )
    return Host(
        name=facts.name,
        span=span,
        implied=facts.implied,
        engine=version,
        interfaces=None if facts.interfaces is None else tuple(facts.interfaces),
        routes=None if facts.routes is None else tuple(facts.routes),
        rulesets=tuple(facts.rulesets),
        resolver=facts.resolver,
        sysctls=None if facts.sysctls is None else tuple(facts.sysctls),
        daemon=daemon,
        networks=join_networks(facts.networks, facts.interfaces),
        networks_listed=facts.networks_listed,
        projects=tuple(facts.projects),
        actions=tuple(facts.actions),
        swarm=facts.swarm,
        weave=tuple(facts.weave),
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
