"""Programs that write firewall rules for the administrator, as they are configured: firewalld, ufw, fail2ban."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.compose import PortRange
from netlint.model.located import Located
from netlint.prefix import Prefix
from netlint.source import Span


class PortRule(Struct, frozen=True, kw_only=True):
    """What is said of ports of the host. `action` is "allow", "deny", "reject" or "limit".

    `ports` is empty for every port, `protocol` None for any, `source` None for everybody. `routed`: it is for what the
    host passes on (`ufw route`).
    """

    span: Span
    action: str
    ports: tuple[PortRange, ...] = ()
    protocol: str | None = None
    source: Prefix | None = None
    routed: bool = False

    def covers(self, port: int, protocol: str) -> bool:
        if self.protocol is not None and self.protocol != protocol:
            return False
        return not self.ports or any(one.first <= port <= one.last for one in self.ports)


class Zone(Struct, frozen=True, kw_only=True):
    """A zone of firewalld. `target` is "ACCEPT", "DROP", "%%REJECT%%" or "default", which rejects what is not allowed.

    `sources` are the ranges of it, in whatever notation they stand; `rules` its ports, known services and rich rules.
    `permanent` is False for what `firewall-cmd` shows of the running one.
    """

    name: str
    span: Span
    target: Located[str] | None = None
    interfaces: tuple[Located[str], ...] = ()
    sources: tuple[Located[str], ...] = ()
    rules: tuple[PortRule, ...] = ()
    permanent: bool = True
    active: bool = False

    @property
    def accepts_all(self) -> bool:
        """Whether everything is let in: the zone `trusted`, whose target its packaged file sets, or such a target."""
        return self.target.value == "ACCEPT" if self.target is not None else self.name == "trusted"


class Firewalld(Struct, frozen=True, kw_only=True):
    """What is known of firewalld on a host. `settings` are those of firewalld.conf."""

    span: Span
    zones: tuple[Zone, ...] = ()
    settings: tuple[tuple[str, Located[str]], ...] = ()

    def setting(self, name: str) -> Located[str] | None:
        return next((value for key, value in reversed(self.settings) if key == name), None)

    @property
    def default_zone(self) -> str:
        found = self.setting("DefaultZone")
        return found.value if found is not None else "public"

    def zone_of(self, interface: str | None) -> Zone | None:
        """The zone that packets of an interface belong to, where a file or listing describes it."""
        bound = (zone for zone in self.zones if any(one.value == interface for one in zone.interfaces))
        default = (zone for zone in self.zones if zone.name == self.default_zone)
        return next(bound, None) or next(default, None)


class Ufw(Struct, frozen=True, kw_only=True):
    """What is known of ufw on a host. `enabled` is None where no file tells; `incoming` is what becomes of packets that
    no rule is for: "allow", "deny" or "reject"; `routed` the same of what the host passes on. `for_docker`: its files
    hold rules of the chain DOCKER-USER."""

    span: Span
    enabled: Located[bool] | None = None
    incoming: Located[str] | None = None
    routed: Located[str] | None = None
    rules: tuple[PortRule, ...] = ()
    for_docker: bool = False


class Jail(Struct, frozen=True, kw_only=True):
    """A jail of fail2ban that is switched on. `chain` is where it bans, INPUT unless the configuration says otherwise;
    None for actions that are not firewall rules of a chain. `ports` is empty for every port."""

    name: str
    span: Span
    ports: tuple[PortRange, ...] = ()
    every_port: bool = False
    chain: Located[str] | None = None
