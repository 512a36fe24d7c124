"""A service is told an address that the engine gives to containers in the order in which they start

## What it means

Docker gives each container the lowest free address of its network. Which service gets which address is decided anew
each time the containers are made; an address stays with a service only if it is its `ipv4_address`.

## Why it matters

It works until the order changes: after an update, a restart or a new service another container has the address, or
nobody.

## How to fix it

Write the name of the service. A program that needs an address gets one by `ipv4_address`, on a network with a `subnet`
of its own.

## Bad: whoever starts second

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: 172.20.0.3  # <- warning
      DB_PORT: 3306
  db:
    image: mysql:8
networks:
  default:
    ipam:
      config:
        - subnet: 172.20.0.0/16
```

## Bad: where the engine numbers the network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: 172.18.0.3  # <- warning
      DB_PORT: 3306
  db:
    image: mysql:8
```

## Bad: the name of a service in extra_hosts

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    extra_hosts:
      - "db:172.19.0.3"  # <- warning
    environment:
      DB_HOST: db
  db:
    image: mysql:8
```

## Good: the name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: db
      DB_PORT: 3306
  db:
    image: mysql:8
```

## Good: an address of its own, and the host's

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: 172.20.0.3
      DB_PORT: 3306
      AGENT_URL: http://172.20.0.1:9000
  db:
    image: mysql:8
    networks:
      default:
        ipv4_address: 172.20.0.3
networks:
  default:
    ipam:
      config:
        - subnet: 172.20.0.0/16
```
"""

from collections.abc import Iterator

from netlint.api import (
    SCHEMES,
    Confidence,
    Finding,
    Host,
    Label,
    Network,
    Project,
    Service,
    Severity,
    Site,
    Subnet,
    intents,
    members,
    never_free,
    parse_address,
    pattern,
    rule,
    serves,
)

# The first addresses of the networks that the engine numbers itself by default (172.17.0.0/16 is docker0's).
FIRST = pattern(r"172\.(?:1[89]|2\d|3[01])\.0\.(?:[2-9]|1\d)")
SPARE = 8  # addresses beyond as many as there are containers: those of earlier runs, of one-off containers


@rule(
    "NL232",
    Severity.WARNING,
    compose=["service.environment|service.command|service.extra_hosts"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                for network, subnet in _subnets(host, project, service):
                    yield from _told(host, site, service, network, subnet)
                yield from _automatic(host, project, service)
                yield from _mapped(host, project, service)


def _subnets(host: Host, project: Project, service: Service) -> Iterator[tuple[Network, Subnet]]:
    """The networks of the service whose addresses this project's own containers get."""
    for attachment in service.attachments:
        network = host.network_of(project, attachment.network)
        if network is None or network.driver not in ("bridge", "overlay") or network.ipam_driver is not None:
            continue
        for subnet in network.subnets:
            if subnet.prefix.version == 4:
                yield network, subnet


def _automatic(host: Host, project: Project, service: Service) -> Iterator[Finding]:
    """An address as the engine gives them on networks that it numbers itself, and a port that a service beside has."""
    if not host.implied or service.mode is not None or service.extends:
        return
    networks = [host.network_of(project, one.network) for one in service.attachments]
    if any(network is None or network.external or network.subnets or network.subnets_open for network in networks):
        return
    for intent in intents(service):
        address = parse_address(intent.host)
        if address is None or not intent.exact or not FIRST.fullmatch(str(address)):
            continue
        port = intent.port or (None if intent.is_web else SCHEMES.get(intent.scheme))
        others = [
            other
            for other in project.services
            if other is not service and port is not None and serves(other, port) and _share(service, other)
        ]
        if len(others) == 1:
            yield Finding(
                message=f"service {service.name} is told the address {address}, as the engine gives them to whichever "
                f"container starts in time; service {others[0].name} has port {port}",
                at=intent.span,
                label="another container's after the next start",
                help=f"write {others[0].name}",
                related=(Label(others[0].span, f"service {others[0].name} may be meant"),),
                confidence=Confidence.MEDIUM,
                host=host.name,
            )
            return


def _mapped(host: Host, project: Project, service: Service) -> Iterator[Finding]:
    """An entry of extra_hosts that gives a service beside an address that is not its own."""
    for name, value in service.extra_hosts:
        other, address = project.service(name), parse_address(value.value)
        if other is None or other is service or address is None or not address.is_private or not value.exact:
            continue
        fixed = {one.ipv4.value for one in other.attachments if one.ipv4 is not None}
        if fixed or other.mode is not None or not _share(service, other):
            continue
        yield Finding(
            message=f"extra_hosts of service {service.name} gives service {name} the address {address}, and the engine "
            "gives it another at each start",
            at=value.span,
            label="takes the place of the name that would resolve",
            help="leave the entry out: the name resolves on the network that both are on",
            related=(Label(other.span, f"service {name} has no address of its own"),),
            confidence=Confidence.MEDIUM,
            host=host.name,
        )


def _share(one: Service, other: Service) -> bool:
    return any(other.attachment(attachment.network) is not None for attachment in one.attachments)


def _told(host: Host, site: Site, service: Service, network: Network, subnet: Subnet) -> Iterator[Finding]:
    present = members(host, site, network)
    fixed = {member.address.value for member in present if member.address is not None}
    never = {address for address, _, _ in never_free(network, subnet)}
    most = sum(member.containers for member in present) + len(never) + SPARE
    first = subnet.ip_range.value if subnet.ip_range is not None else subnet.prefix
    others = [one for one in present if one.address is None and one.who != f"service {service.name}"]
    for intent in intents(service):
        address = parse_address(intent.host)
        if address is None or not intent.exact or not first.holds(address) or address in fixed | never or not others:
            continue
        if int(address) - int(first.network_address) > most:
            continue
        yield Finding(
            message=f"service {service.name} is told the address {address}, which network "
            f"{network.key or network.name} gives to whichever container starts in time",
            at=intent.span,
            label="another container's after the next start",
            help="write the name of the service, or give it an ipv4_address",
            related=(Label(subnet.span, "handed out from the lowest on"),),
            confidence=Confidence.HIGH,
            host=host.name,
        )
        return
