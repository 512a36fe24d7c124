"""A published port is open though the host's firewall program does not let it in

## What it means

ufw and firewalld write rules for packets to the host itself. A published port is rewritten to the container's address
before that and goes through FORWARD, where the engine accepts it. A deny of ufw, a port that no zone of firewalld
allows, and an address that fail2ban bans in INPUT make no difference to it.

## Why it matters

`ufw status` says that the port is closed, and the whole internet reaches the database behind it.

## How to fix it

Publish on an address that nobody else reaches (`127.0.0.1:5432:5432`), do not publish what only containers use, or say
it in `DOCKER-USER`. With firewalld from 2.3 on, `StrictForwardPorts=yes` makes it decide. For fail2ban, set
`chain = DOCKER-USER` and `port` to the container's port (or `banaction = iptables-allports`): there the port of the
host has been rewritten, and a ban by it matches nothing.

## Bad: ufw denies the port

```text title="ufw-status.txt"
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), deny (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
9000/tcp                   DENY IN     Anywhere  # <- warning
```

```yaml title="compose.yaml"
services:
  portainer:
    image: portainer/portainer-ce
    ports:
      - "9000:9000"
```

## Bad: a zone of firewalld without the port

```xml title="etc/firewalld/zones/public.xml"
<?xml version="1.0" encoding="utf-8"?>
<zone>  <!-- <- warning -->
  <short>Public</short>
  <service name="ssh"/>
</zone>
```

```yaml title="compose.yaml"
services:
  db:
    image: mysql
    ports:
      - "3306:3306"
```

## Bad: fail2ban bans in INPUT

```ini title="etc/fail2ban/jail.local"
[vaultwarden]
enabled = true
port = 8080  # <- warning
logpath = /var/log/vaultwarden.log
```

```yaml title="compose.yaml"
services:
  vaultwarden:
    image: vaultwarden/server
    ports:
      - "8080:80"
```

## Good: allowed, or bound to the host itself

```text title="ufw-status.txt"
Status: active
Default: deny (incoming), allow (outgoing), deny (routed)

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
8080/tcp                   ALLOW IN    Anywhere
```

```yaml title="compose.yaml"
services:
  web:
    image: nginx
    ports:
      - "8080:80"
  db:
    image: postgres
    ports:
      - "127.0.0.1:5432:5432"
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    FirewallChange,
    Host,
    Label,
    PortRule,
    Publication,
    Severity,
    Site,
    Span,
    Step,
    Witness,
    parse_address,
    rule,
    uplinks,
)

WEB = (80, 443)  # open on purpose, unless somebody denies them
MOST = 5


@rule(
    "NL802",
    Severity.WARNING,
    proof="ufw 0.36, firewalld 1.3 and a ban in INPUT as fail2ban writes it, beside engines",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        writes = host.daemon is None or host.daemon.flag("iptables", True)
        # where the rules themselves are at hand, filter-bypassed walks a packet through them
        if not writes or host.ruleset(4) is not None or _says_otherwise(host):
            continue
        ports = [publication for publication in host.exposures() if _is_open(host, publication)]
        if ports:
            yield from _ufw(host, ports)
            yield from _firewalld(host, ports)
            yield from _fail2ban(host, ports)


def _says_otherwise(host: Host) -> bool:
    """Whether something is said in DOCKER-USER, where published ports pass."""
    in_files = host.ufw is not None and host.ufw.for_docker
    return in_files or any(
        isinstance(action, FirewallChange)
        and action.chain == "DOCKER-USER"
        and action.rule.target in ("DROP", "REJECT")
        for action in host.actions
    )


def _is_open(host: Host, publication: Publication) -> bool:
    """Whether the port is surely published on an address that others reach."""
    port = publication.port
    if port.published is None or port.address_open or port.protocol not in ("tcp", "udp"):
        return False
    default = host.daemon.text("ip") if host.daemon is not None else None
    written = port.address.value if port.address is not None else None
    if written is None and default is not None and all(network.default_bridge for network in publication.networks):
        written = default.value
    options = [network.option("com.docker.network.bridge.host_binding_ipv4") for network in publication.networks]
    if written is None and options and options[0] is not None:
        written = options[0].value
    address = parse_address((written or "0.0.0.0").strip("[]"))
    return address is not None and not address.is_loopback


def _covers(one: PortRule, publication: Publication) -> bool:
    published = publication.port.published
    return published is not None and one.covers(published.first, publication.port.protocol)


def _allowed(rules: tuple[PortRule, ...], publication: Publication) -> bool:
    """Whether the administrator opens the port to anybody: then there is no surprise in it."""
    return any(one.action in ("allow", "limit") and not one.routed and _covers(one, publication) for one in rules)


def _ufw(host: Host, ports: list[Publication]) -> Iterator[Finding]:
    ufw = host.ufw
    if ufw is None or ufw.enabled is None or not ufw.enabled.value:
        return
    denied: dict[PortRule, list[Publication]] = {}
    silent = []
    for port in ports:
        first = next((one for one in ufw.rules if not one.routed and one.ports and _covers(one, port)), None)
        if first is not None and first.action in ("deny", "reject") and first.source is None:
            denied.setdefault(first, []).append(port)
        elif not _allowed(ufw.rules, port) and port.port.published is not None and port.port.published.first not in WEB:
            silent.append(port)
    for one, found in denied.items():
        yield _finding(host, f"ufw says {one.action} for port {_numbers(found)}", one.span, found, None)
    if silent and (ufw.incoming is None or ufw.incoming.value != "allow"):
        at = ufw.incoming.span if ufw.incoming is not None else ufw.enabled.span
        what = f"ufw lets in only what it allows, and port {_numbers(silent)} is not among it"
        yield _finding(host, what, at, silent, Confidence.MEDIUM)


def _firewalld(host: Host, ports: list[Publication]) -> Iterator[Finding]:
    firewalld = host.firewalld
    strict = firewalld.setting("StrictForwardPorts") if firewalld is not None else None
    if firewalld is None or (strict is not None and strict.value.lower() == "yes"):
        return
    zone = firewalld.zone_of(next(iter(uplinks(host)), None))
    if zone is None or zone.accepts_all:
        return
    denied = [one for one in zone.rules if one.action in ("deny", "reject") and one.ports and one.source is None]
    for one in denied:
        found = [port for port in ports if _covers(one, port)]
        if found:
            yield _finding(host, f"zone {zone.name} of firewalld refuses port {_numbers(found)}", one.span, found, None)
    silent = [
        port
        for port in ports
        if port.port.published is not None
        and port.port.published.first not in WEB
        and not any(_covers(one, port) for one in denied)
        and not _allowed(zone.rules, port)
    ]
    if silent:
        what = f"zone {zone.name} of firewalld does not allow port {_numbers(silent)}"
        yield _finding(host, what, zone.span, silent, Confidence.MEDIUM)


def _fail2ban(host: Host, ports: list[Publication]) -> Iterator[Finding]:
    for jail in host.jails:
        if jail.chain is None or jail.chain.value != "INPUT" or jail.every_port:
            continue
        one = PortRule(span=jail.span, action="deny", ports=jail.ports)
        found = [port for port in ports if jail.ports and _covers(one, port)]
        if found:
            what = f"fail2ban's jail {jail.name} bans in INPUT, and port {_numbers(found)}"
            yield _finding(host, what, jail.span, found, None, help=_jail_help(found))


def _jail_help(ports: list[Publication]) -> str:
    """What to write in the jail: in DOCKER-USER the port is the container's."""
    inside = ", ".join(dict.fromkeys(str(port.port.target) for port in ports))
    moved = any(port.port.target != port.port.published for port in ports)
    return "set chain = DOCKER-USER for this jail" + (f" and port = {inside}, the container's" if moved else "")


def _numbers(ports: list[Publication]) -> str:
    numbers = dict.fromkeys(str(port.port.published) for port in ports)
    more = f" and {len(numbers) - MOST} more" if len(numbers) > MOST else ""
    return ", ".join(list(numbers)[:MOST]) + more


def _finding(
    host: Host,
    what: str,
    at: Span,
    ports: list[Publication],
    confidence: Confidence | None,
    help: str = "",
) -> Finding:
    first = ports[0].port
    asked = f"{first.protocol} 198.51.100.7:40000 > this host:{first.published}"
    return Finding(
        message=f"{what}, but {'it is' if len(ports) == 1 else 'they are'} published: packets to published ports do "
        "not come to INPUT",
        at=at,
        label="no packet of a published port comes here",
        help=help or f"publish it on 127.0.0.1, do not publish it, or say in {host.own_rules} who may reach it",
        confidence=confidence,
        related=tuple(Label(one.port.span, f"{one.owner} publishes {one.port.published}") for one in ports[:MOST]),
        witness=Witness(
            packet=asked.replace(str(first.published), str(first.published.first if first.published else 0)),
            steps=(
                Step(first.span, f"the engine rewrites it to {ports[0].owner}, port {first.target}, before routing"),
                Step(at, "it is forwarded, so that what is said here is never asked"),
            ),
        ),
        host=host.name,
    )
