"""What is gathered about one host while its files are read, in no particular order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from netlint.build.cluster_facts import ClusterFacts
from netlint.model.given import InputProblem
from netlint.parse.tree import Problem, Unsupported
from netlint.source import Source, Span

if TYPE_CHECKING:
    from netlint.build.compose_files import ProjectFiles
    from netlint.model.action import Action
    from netlint.model.compose import Project
    from netlint.model.container import BridgePort, Container, Neighbour
    from netlint.model.daemon import EngineVersion, ExecStart, Option, Pool, UnusedDefault
    from netlint.model.frontends import Firewalld, Jail, Ufw
    from netlint.model.host import Configured, Gap, Listener, Resolver, Route, RoutingRule
    from netlint.model.interface import Interface, Managed
    from netlint.model.located import Located
    from netlint.model.netfilter import Ruleset
    from netlint.model.network import Network
    from netlint.model.overlay import Swarm, SwarmNode, SwarmService, Weave


class Parsed(Struct, frozen=True):
    """A file after parsing. `format` is its name in netlint/formats.py, `tree` what that format's parser returned."""

    source: Source
    format: str
    tree: Any


class HostFacts:
    """Mutable; `finish` in build/site.py turns it into a `Host`. A list that is None was in no file."""

    def __init__(self, name: str | None, implied: bool = False) -> None:
        self.name = name
        self.implied = implied
        self.first: Span | None = None
        self.engines: list[Located[EngineVersion]] = []
        self.compose: Located[EngineVersion] | None = None
        self.interfaces: list[Interface] | None = None
        self.routes: list[Route] | None = None
        self.routing_rules: list[RoutingRule] | None = None
        self.rulesets: list[Ruleset] = []
        self.resolver: Resolver | None = None
        self.listeners: list[Listener] | None = None
        self.neighbours: list[Neighbour] | None = None
        self.bridge_ports: list[BridgePort] | None = None
        # What is seen of who is connected where: bridges that a listing shows, hardware addresses with the port behind
        # which they are, and for veth interfaces the index of the other end.
        self.bridges: dict[str, Span] = {}
        self.learned: list[tuple[str, str, Span]] = []
        self.peers: dict[str, Located[int]] = {}
        self.containers: list[Container] | None = None
        self.namespaces: dict[str, NamespaceFacts] = {}
        self.firewalld: Firewalld | None = None
        self.ufw: Ufw | None = None
        self.jails: list[Jail] = []
        self.configured: list[Configured] = []
        self.managed: list[Managed] = []
        self.sysctls: list[tuple[str, Located[str]]] | None = None
        self.daemon_files: list[Span] = []
        self.options: list[Option] = []
        self.pools: list[Pool] | None = None
        self.exec_starts: list[ExecStart] = []
        self.unused_defaults: list[UnusedDefault] = []
        self.networks: list[Network] = []
        self.networks_listed = False
        self.projects: list[Project] = []
        # For Compose: files of other hosts that projects of this one include or extend, the files of each project
        # where that is known already, and for a path that is not at hand what is wrong with it, if that is certain.
        self.linked: tuple[Parsed, ...] = ()
        self.project_files: Sequence[ProjectFiles] | None = None
        self.missing: Callable[[str], str] = lambda _: ""
        self.actions: list[Action] = []
        # Files whose commands run on this host, and not perhaps in a container of it.
        self.host_sources: set[str] = set()
        self.swarm: Swarm | None = None
        self.swarm_services: list[SwarmService] = []
        self.swarm_nodes: list[SwarmNode] = []
        self.weave: list[Weave] = []
        self.cluster = ClusterFacts()
        self.gaps: list[Gap] = []
        self.unreadable: list[InputProblem] = []
        self.not_understood: list[InputProblem] = []
        self.unread: dict[tuple[str, int], str] = {}  # by Source.key: why
        self.left: list[Source] = []

    def problem(self, span: Span, message: str, help: str = "") -> None:
        """Something in the input is wrong and was skipped."""
        self.unreadable.append(InputProblem(span, message, help, self.name))

    def problems(self, problems: list[Problem]) -> None:
        for problem in problems:
            self.problem(problem.span, problem.message, problem.help)

    def leave_unread(self, source: Source, reason: str) -> None:
        """Nothing in the file is for netlint; what is wrong with its syntax is nothing to report then."""
        self.unread[source.key] = reason
        self.left.append(source)

    def unsupported(self, item: Unsupported) -> None:
        """Something was read but has no model."""
        self.not_understood.append(InputProblem(item.span, item.what, "", self.name))


class NamespaceFacts(Struct, frozen=True):
    """What listings of one network namespace of the host say; `name` is that of its container or its own."""

    name: str
    span: Span
    facts: HostFacts
