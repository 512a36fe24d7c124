"""Docker networks, from whichever source states them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Address, Prefix, parse_interface
from netlint.source import Span


class Origin(Enum):
    """Which kind of source states a network."""

    COMPOSE = "compose"
    INSPECT = "docker network inspect"
    LIST = "docker network ls"
    SERVICE = "docker service inspect"
    DAEMON = "daemon configuration"
    SCRIPT = "script"
    INTERFACE = "interface listing"
    ROUTE = "route table"
    FIREWALL = "firewall dump"


# Sources that show a network's bridge and not the network itself.
SHOWN = (Origin.INTERFACE, Origin.ROUTE, Origin.FIREWALL)


class Subnet(Struct, frozen=True, kw_only=True):
    """One IPAM entry. `prefix` has its host bits cut off; `written` is the text as it stands in the source."""

    prefix: Prefix
    written: Located[str]
    gateway: Located[Address] | None = None
    ip_range: Located[Prefix] | None = None
    reserved: tuple[tuple[str, Located[Address]], ...] = ()

    @property
    def span(self) -> Span:
        return self.written.span

    @property
    def canonical(self) -> bool:
        """False where host bits are set, as in 10.0.0.5/24."""
        written = parse_interface(self.written.value)
        return written is None or written[0] == self.prefix.network_address


class Endpoint(Struct, frozen=True, kw_only=True):
    """A container on a network, as `docker network inspect` lists it."""

    container: str
    span: Span
    address: Address | None = None
    mac: str | None = None


class Network(Struct, frozen=True, kw_only=True):
    """A Docker network, joined from every source of the host that states it.

    `span` and `origin` are those of the source a user would edit (Compose before listings), `stated` the places of the
    others, `origins` their kinds. `name` is the engine's name (for Compose: with the project's prefix), `key` the name
    inside the Compose file, `project` the Compose project. `subnets` is empty where the engine chooses and no listing
    tells, or where only a variable without a default decides (`subnets_open`). `ipam_driver` is set where another than
    the engine's own hands out addresses.
    `default_bridge`: docker0.
    """

    name: str
    span: Span
    origin: Origin
    driver: str = "bridge"
    driver_span: Span | None = None
    scope: str = "local"
    key: str | None = None
    project: str | None = None
    id: str | None = None
    subnets: tuple[Subnet, ...] = ()
    subnets_open: bool = False
    ipam_driver: Located[str] | None = None
    internal: bool = False
    attachable: bool = False
    external: bool = False
    ingress: bool = False
    default_bridge: bool = False
    ipv4: Located[bool] | None = None
    ipv6: Located[bool] | None = None
    options: tuple[tuple[str, Located[str]], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[Endpoint, ...] | None = None
    stated: tuple[Span, ...] = ()
    origins: tuple[Origin, ...] = ()

    def is_stated_by(self, *origins: Origin) -> bool:
        """Whether a source of one of these kinds states the network."""
        return any(origin in origins for origin in (self.origin, *self.origins))

    def option(self, key: str) -> Located[str] | None:
        return next((value for name, value in reversed(self.options) if name == key), None)

    @property
    def bridge(self) -> str | None:
        """Name of the network's bridge on the host where it is known, as the bridge driver names it."""
        if self.driver != "bridge":
            return None
        named = self.option("com.docker.network.bridge.name")
        if named is not None:
            return named.value
        if self.default_bridge:
            return "docker0"
        return f"br-{self.id[:12]}" if self.id else None

    @property
    def publishes(self) -> bool:
        """Whether ports can be published from it: not from internal networks, nor where containers are on the LAN."""
        predefined = self.external and self.name in ("host", "none")
        return not (self.internal or predefined or self.driver in ("macvlan", "ipvlan", "host", "null"))

    @property
    def masquerades(self) -> bool:
        """Whether the engine is asked to translate what leaves the network (the default for bridges)."""
        option = self.option("com.docker.network.bridge.enable_ip_masquerade")
        mode = self.option("com.docker.network.bridge.gateway_mode_ipv4")
        if mode is not None and mode.value in ("routed", "isolated"):
            return False
        return self.driver == "bridge" and not self.internal and (option is None or option.value.lower() != "false")
