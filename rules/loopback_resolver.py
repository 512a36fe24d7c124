"""Containers are given a name server on the loopback, which is their own

## What it means

127.0.0.53 is where systemd-resolved listens on the host, 127.0.0.1 where a local dnsmasq or unbound does. In a
container these addresses are the container itself. The engine knows that of the host's resolv.conf: with only
127.0.0.53 in it, it takes the servers that systemd-resolved asks (from 18.09 on); it leaves other loopback addresses
out. What is set by hand, in `dns` of daemon.json, of Compose or by `docker run --dns`, it passes on as it is.

## Why it matters

No name resolves in the containers: "Temporary failure in name resolution".

## How to fix it

Leave the option out, or name a server that is reached over the network, such as the address of docker0 if a server
listens there.

A container that is a name server itself may well ask itself, and one with the host's network has the host's loopback:
both are not reported.

## Bad: the host's stub

```json title="daemon.json"
{
  "dns": ["127.0.0.53"]  // <- warning
}
```

## Bad: for one service

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    dns: 127.0.0.1  # <- warning
```

## Good: the engine finds the servers behind the stub

```text title="resolv.conf"
nameserver 127.0.0.53
options edns0 trust-ad
```

```yaml title="compose.yaml"
services:
  app:
    image: example/app
  pihole:
    image: pihole/pihole
    dns: [127.0.0.1, 192.0.2.53]
```
"""

from collections.abc import Iterator

from netlint.api import (
    ContainerRun,
    Finding,
    Host,
    Located,
    Reach,
    Service,
    Severity,
    Site,
    container_ports,
    image_name,
    parse_address,
    rule,
)

EMBEDDED = "127.0.0.11"  # the engine's own name server in containers
STUB = "127.0.0.53"
DNS = 53
# Name servers by the last part of their images' names.
SERVERS = (
    "adguardhome", "bind", "bind9", "blocky", "coredns", "dns", "dnsdist", "dnsmasq", "knot", "named", "pdns", "pihole",
    "powerdns", "recursor", "resolver", "samba", "technitium", "unbound",
)  # fmt: skip


@rule(
    "NL310",
    Severity.WARNING,
    compose=["service.dns"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        yield from _daemon(host)
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if _has_own_loopback(reach, service):
                    yield from _listed(host, service.dns, f"service {service.name}")
        for action in host.actions:
            if isinstance(action, ContainerRun) and _network(action) != "host" and not _serves(action):
                name = f"container {action.name.value}" if action.name is not None else "a container"
                yield from _listed(host, action.dns, name)
        yield from _host(host)


def _network(run: ContainerRun) -> str:
    return run.network.value.partition(":")[0].replace("container", "host") if run.network is not None else ""


def _serves(run: ContainerRun) -> bool:
    return any(port.target.first <= DNS <= port.target.last for port in run.ports)


def _has_own_loopback(reach: Reach, service: Service) -> bool:
    """Whether the loopback is the service's own and it is no name server."""
    if reach.namespace(service) is not service or (service.mode is not None and not service.mode.exact):
        return False
    sharers = reach.sharers(service)
    serves = any(ports.first <= DNS <= ports.last for one in sharers for ports in container_ports(one))
    names = (f"{image_name(one)} {one.name}".lower() for one in sharers)
    return not serves and not any(server in name for name in names for server in SERVERS)


def _daemon(host: Host) -> Iterator[Finding]:
    option = host.daemon.get("dns") if host.daemon is not None else None
    yield from _listed(host, option.items if option is not None else (), "dockerd")


def _listed(host: Host, servers: tuple[Located[str], ...], owner: str) -> Iterator[Finding]:
    for server in servers:
        address = parse_address(server.value)
        if address is None or not address.is_loopback or not server.exact or server.value == EMBEDDED:
            continue
        rest = " first" if len(servers) > 1 and server is servers[0] else ""
        yield Finding(
            message=f"name server {server.value} of {owner} is a loopback address: a container asks itself{rest}",
            at=server.span,
            label="the container's own loopback",
            help="leave it out, or name a server that is reached over the network",
            host=host.name,
        )


def _host(host: Host) -> Iterator[Finding]:
    """A host whose only name servers are on its loopback, for engines that do not look behind the stub."""
    if host.resolver is None or not host.has_docker or (host.daemon is not None and host.daemon.get("dns") is not None):
        return
    servers = host.resolver.nameservers
    if not servers or not all(server.value.is_loopback for server in servers):
        return
    stub = all(str(server.value) == STUB for server in servers)
    if stub and host.before(18, 9) is not True:
        return
    yield Finding(
        message=f"the only name server of the host, {servers[0].value}, is a loopback address: containers of the "
        "default bridge get the public servers 8.8.8.8 and 8.8.4.4 instead",
        at=servers[0].span,
        help="set dns in daemon.json to a server that is reached over the network",
        severity=Severity.NOTE,
        host=host.name,
    )
