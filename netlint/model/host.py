"""Hosts: what a machine's own listings say, and what Docker and Compose put on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from netlint.model.cluster import Cluster
from netlint.model.compose import Project, PublishedPort, Service
from netlint.model.given import Expectation, IgnoreComment, InputProblem, Reserved
from netlint.model.located import Located
from netlint.model.network import Network, Origin
from netlint.prefix import Address, Prefix
from netlint.source import Span

if TYPE_CHECKING:  # a Compose file leads to nothing of these
    from netlint.model.action import Action, ContainerRun, LinkChange
    from netlint.model.container import BridgePort, Container, Neighbour, VethPair
    from netlint.model.daemon import Daemon, EngineVersion
    from netlint.model.frontends import Firewalld, Jail, Ufw
    from netlint.model.interface import Interface, Managed
    from netlint.model.netfilter import Ruleset
    from netlint.model.overlay import Swarm, SwarmNode, SwarmService, Weave


class Route(Struct, frozen=True):
    """A route, or one next hop of a route with several. `span` covers the destination.

    `kind` is the kernel's route type ("unicast", "local", "blackhole", "unreachable", …), `flags` what the kernel says
    of the next hop ("onlink", "linkdown", "dead"). `via_at` tells where the gateway is written: from and to, counted
    from the end of `span`.
    """

    prefix: Prefix
    span: Span
    kind: str = "unicast"
    via: Address | None = None
    device: str | None = None
    table: str = "main"
    metric: int | None = None
    protocol: str | None = None
    scope: str | None = None
    source: Address | None = None
    flags: tuple[str, ...] = ()
    via_at: tuple[int, int] | None = None

    @property
    def via_span(self) -> Span:
        """Where the gateway is written; the destination where there is none."""
        if self.via_at is None:
            return self.span
        return Span(self.span.source, self.span.end + self.via_at[0], self.span.end + self.via_at[1])

    @property
    def on_link(self) -> bool:
        """True where the destination is reached without a gateway."""
        return self.via is None and self.kind == "unicast"


class RoutingRule(Struct, frozen=True, kw_only=True):
    """A line of `ip rule`: packets that it is for are looked up in `table`.

    `action` is "lookup" or what the rule does instead ("unreachable", "prohibit", "blackhole", "goto", "nop").
    `mark` is the packet's mark and the mask over it; `source` and `destination` are None for all addresses.
    `others` are the selectors that are not modelled, by their words: whether they hold is not known. `suppressed`:
    routes of that prefix length or shorter are not taken from the table (`suppress_prefixlength`).
    """

    span: Span
    priority: int
    version: int = 4
    source: Prefix | None = None
    destination: Prefix | None = None
    mark: tuple[int, int] | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    negated: bool = False
    action: str = "lookup"
    table: str | None = None
    suppressed: int | None = None
    others: tuple[str, ...] = ()


class Resolver(Struct, frozen=True, kw_only=True):
    """What resolv.conf states."""

    span: Span
    nameservers: tuple[Located[Address], ...] = ()


class Listener(Struct, frozen=True):
    """A socket that waits on the host. `address` is None for every address, IPv4 and IPv6; `process` is the program's
    name, empty for a socket of the kernel and None where the listing does not tell."""

    address: Address | None
    port: int
    protocol: str
    process: str | None
    span: Span


class Publication(Struct, frozen=True):
    """A published port and whose it is: a service of a project, or what a script runs. `networks` are those of the
    container, empty where they do not matter."""

    owner: str
    image: Located[str] | None
    port: PublishedPort
    networks: tuple[Network, ...]
    project: Project | None = None
    service: Service | None = None
    run: ContainerRun | None = None


class Configured(Struct, frozen=True):
    """A range that a file gives an interface or a route, whether or not it is there now. `device` is the interface,
    None where the file does not tell; `via` the gateway; `routed` is False for the range of an interface itself.

    `origin` is whose file it is ("netplan", "WireGuard", …)."""

    prefix: Prefix
    span: Span
    origin: str
    routed: bool
    device: str | None = None
    via: Address | None = None
    address: Address | None = None


class Namespace(Struct, frozen=True, kw_only=True):
    """A network namespace of the host, mostly a container's, as listings made inside it show it. `name` is what the
    container or the namespace is called there."""

    name: str
    span: Span
    interfaces: tuple[Interface, ...] | None = None
    routes: tuple[Route, ...] | None = None
    rulesets: tuple[Ruleset, ...] = ()
    resolver: Resolver | None = None
    neighbours: tuple[Neighbour, ...] | None = None


class Gap(Struct, frozen=True):
    """A listing that whoever gathered the dump did not get, or got in part. `need` is the fact (a key of NEEDS in
    netlint/rule.py), `reason` says which command and why."""

    need: str
    reason: str
    span: Span


class Host(Struct, frozen=True, kw_only=True, weakref=True):
    """One machine, or the unknown machine on which one Compose project will run (`implied`).

    A field that is None was not in the input; an empty tuple was, and holds nothing. `span` is the place that stands
    for the host as a whole. `bridges_listed` are the bridges of `brctl show`, which tells of each whether it has ports.
    `networks` holds each Docker network once (see build/networks.py); `networks_listed` is
    True where the engine's own list of networks was given, so that a network missing there does not exist.
    `gaps` are what the dump says of itself that it lacks. `scripted` are the interfaces as scripts of the host leave
    them, with no more than what those say; see `links`.
    `swarm_services` and `swarm_nodes` are what the host, a manager, lists of the whole swarm.
    """

    name: str | None
    span: Span
    implied: bool = False
    engine: Located[EngineVersion] | None = None
    compose: Located[EngineVersion] | None = None
    interfaces: tuple[Interface, ...] | None = None
    scripted: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] | None = None
    routing_rules: tuple[RoutingRule, ...] | None = None
    rulesets: tuple[Ruleset, ...] = ()
    resolver: Resolver | None = None
    listeners: tuple[Listener, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    bridge_ports: tuple[BridgePort, ...] | None = None
    bridges_listed: tuple[tuple[str, Span], ...] = ()
    containers: tuple[Container, ...] | None = None
    namespaces: tuple[Namespace, ...] = ()
    veths: tuple[VethPair, ...] = ()
    configured: tuple[Configured, ...] = ()
    managed: tuple[Managed, ...] = ()
    firewalld: Firewalld | None = None
    ufw: Ufw | None = None
    jails: tuple[Jail, ...] = ()
    sysctls: tuple[tuple[str, Located[str]], ...] | None = None
    daemon: Daemon | None = None
    networks: tuple[Network, ...] = ()
    networks_listed: bool = False
    projects: tuple[Project, ...] = ()
    actions: tuple[Action, ...] = ()
    swarm: Swarm | None = None
    swarm_services: tuple[SwarmService, ...] = ()
    swarm_nodes: tuple[SwarmNode, ...] = ()
    weave: tuple[Weave, ...] = ()
    cluster: Cluster = Cluster()
    gaps: tuple[Gap, ...] = ()

    def lists(self, field: str) -> bool:
        """Whether the field was in the input: a field may take long to look at."""
        return getattr(self, field) is not None

    @property
    def firewall_sources(self) -> tuple[str, ...]:
        """The file of each of the rulesets."""
        return tuple(ruleset.span.source for ruleset in self.rulesets)

    def interface(self, name: str) -> Interface | None:
        return next((i for i in self.interfaces or () if i.name == name), None)

    @property
    def links(self) -> tuple[Interface, ...]:
        """The interfaces that a listing shows; where there is none, those that scripts make or change. There may be
        others then, and other addresses on these."""
        return self.interfaces if self.interfaces is not None else self.scripted

    def link(self, name: str) -> Interface | None:
        """The interface of that name among `links`."""
        return next((one for one in self.links if one.name == name), None)

    def may_get(self, name: str) -> bool:
        """Whether a script may make an interface of that name, or one whose name only the script knows."""
        from netlint.model.action import LinkChange  # noqa: PLC0415 - scripts alone have actions

        return any(
            isinstance(action, LinkChange)
            and (action.operation == "add" or action.change("name") is not None)
            and (name in (action.interface.value, *_new_name(action)) or not action.interface.exact)
            for action in self.actions
        )

    def sysctl(self, key: str) -> Located[str] | None:
        """The value of `key` (`net.ipv4.ip_forward`) that was set last."""
        return next((value for name, value in reversed(self.sysctls or ()) if name == key), None)

    def ruleset(self, version: int = 4) -> Ruleset | None:
        """The dump of the IPv4 or IPv6 firewall."""
        return next((r for r in self.rulesets if r.version == version), None)

    @property
    def compose_alone(self) -> bool:
        """Whether a Compose file is all that is known."""
        others = (self.daemon, self.actions, self.swarm, self.weave, self.configured)
        if not self.implied or any(others) or self.ufw or self.firewalld or self.jails or self.cluster != Cluster():
            return False
        return all({network.origin, *network.origins} == {Origin.COMPOSE} for network in self.networks)

    @property
    def has_docker(self) -> bool:
        """Whether anything says that an engine runs here."""
        chains = (ruleset.chain(table, "DOCKER") for ruleset in self.rulesets for table in ("nat", "filter"))
        known = (
            self.daemon
            or self.networks
            or self.projects
            or self.engine
            or self.swarm
            or self.containers
            or any(chains)
            or self._has_table("docker-bridges")
        )
        if known:
            return True
        from netlint.model.action import ContainerRun, DockerStart  # noqa: PLC0415 - as in may_get

        return any(isinstance(action, (ContainerRun, DockerStart)) for action in self.actions)

    @property
    def observed(self) -> bool:
        """Whether anything was read off a running machine: then this is one host, and not what may run on several."""
        return bool(
            self.interfaces is not None
            or self.routes is not None
            or self.rulesets
            or self.networks_listed
            or self.listeners is not None
            or self.containers is not None
            or (self.engine is not None and self.engine.exact)
        )

    @property
    def uses_nftables(self) -> bool:
        """Whether the engine writes its rules with nftables itself (Docker 29 with firewall-backend)."""
        value = self.daemon.text("firewall-backend") if self.daemon is not None else None
        return (value is not None and value.value == "nftables") or self._has_table("docker-bridges")

    @property
    def own_rules(self) -> str:
        """Where the administrator says who may reach published ports: the engine's nftables have no chain for that."""
        return "a chain of your own at the forward hook" if self.uses_nftables else "DOCKER-USER"

    def _has_table(self, name: str) -> bool:
        return any(ruleset.table(name) is not None for ruleset in self.rulesets)

    def network_of(self, project: Project, key: str) -> Network | None:
        """The network that `key` names in `project`, with what the host's listings know of it."""
        declared = project.network(key)
        if declared is None:
            return None
        return next((network for network in self.networks if network.name == declared.name), declared)

    def publications(self) -> Iterator[Publication]:
        """Every port that a container of a Compose project or script asks to publish, where publishing has an effect:
        not for a container in another's or the host's network, nor on networks alone that publish nothing."""
        for project in self.projects:
            for service in project.services:
                attached = tuple(
                    network
                    for attachment in service.attachments
                    if (network := self.network_of(project, attachment.network)) is not None
                )
                if service.mode is not None and service.mode.value not in ("bridge", "default"):
                    continue
                if attached and not any(network.publishes for network in attached):
                    continue
                for port in service.ports:
                    yield Publication(f"service {service.name}", service.image, port, attached, project, service)
        if not self.actions:
            return
        from netlint.model.action import ContainerRun  # noqa: PLC0415 - as in may_get

        for action in self.actions:
            if isinstance(action, ContainerRun):
                name = action.network.value if action.network is not None else "bridge"
                if name in ("host", "none") or name.startswith("container:"):
                    continue
                networks = tuple(network for network in self.networks if network.name == name)
                if networks and not any(network.publishes for network in networks):
                    continue
                owner = f"container {action.name.value}" if action.name is not None else "a container"
                for port in action.ports:
                    yield Publication(owner, action.image, port, networks, run=action)

    def exposures(self) -> Iterator[Publication]:
        """Every port that is or will be published: what files ask for, and what running containers have beside it."""
        asked = set()
        for publication in self.publications():
            asked.add((publication.port.published, publication.port.protocol))
            yield publication
        for container in self.containers or ():
            names = {place.network for place in container.networks}
            networks = tuple(network for network in self.networks if network.name in names)
            for port in container.ports if container.running is not False else ():
                if (port.published, port.protocol) not in asked:
                    yield Publication(f"container {container.name}", container.image, port, networks)

    def before(self, *version: int) -> bool | None:
        """Whether the engine is older than `version`; None where its version is unknown."""
        return None if self.engine is None else self.engine.value.numbers < version

    @property
    def knows_store(self) -> bool | None:
        """Whether the engine can keep overlay networks in an external store (cluster-store); None where its version is
        unknown. 22.06.0-beta.0, the first release on the way to 23.0, was without (moby/moby#42247)."""
        return self.before(22, 6)

    def compose_before(self, *version: int) -> bool | None:
        """The same for `docker compose` or docker-compose."""
        return None if self.compose is None else self.compose.value.numbers < version


def _new_name(change: LinkChange) -> tuple[str, ...]:
    renamed = change.change("name")
    return (renamed.value,) if renamed is not None else ()


class Site(Struct, frozen=True, kw_only=True):
    """Everything that was given, and what the configuration adds to it.

    `unreadable` are places with wrong syntax, `not_understood` places that were read but are not modelled. The engine
    fills in `unused_ignores`, suppressions that suppressed nothing, where it was asked to. A rule that looks at each
    host alone gets one of many in `hosts` and finds the others in `every`.
    """

    hosts: tuple[Host, ...]
    reserved: tuple[Reserved, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    unreadable: tuple[InputProblem, ...] = ()
    not_understood: tuple[InputProblem, ...] = ()
    ignores: tuple[IgnoreComment, ...] = ()
    unused_ignores: tuple[InputProblem, ...] = ()
    all_hosts: tuple[Host, ...] | None = None

    @property
    def every(self) -> tuple[Host, ...]:
        """All hosts, whichever of them are to be checked."""
        return self.hosts if self.all_hosts is None else self.all_hosts

    def only(self, host: Host) -> Site:
        """The site with that host alone to be checked."""
        return structs.replace(self, hosts=(host,), all_hosts=self.every)
