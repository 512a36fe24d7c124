"""A service names another with which it shares no network

## What it means

The name of a service resolves on the networks that it is on, and containers reach each other there alone. A service
without `networks` is on the project's default network; one that lists networks is on those and not on the default one.
In the network of the host or of another container (`network_mode: service:vpn`) a service has no name at all: it is
reached by the other container's. On the host's network the names of services do not resolve either. Addresses are no
way round: the engine drops what goes from one bridge to another, and on a bridge with `enable_icc` off all traffic
between containers.

## Why it matters

The name does not resolve: "could not translate host name", "getaddrinfo ENOTFOUND". Nothing fails before the first
connection. A reverse proxy that finds its containers through Docker answers 504 for what it cannot reach.

## How to fix it

Put both on one network. Name the service whose network is shared instead of the one that shares it.

Read are URLs, `host:port` and variables such as `DB_HOST` of environment and command, `links`, `dns`, and what marks
services for Traefik, caddy-docker-proxy and nginx-proxy, in the proxy's project or another one. The check is silent
where the service has another way: an `extra_hosts` entry for the name, `external_links`, or an external network, on
which containers that no file here describes may have the name.

## Bad: the default network and another

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    environment:
      DATABASE_URL: postgres://db:5432/shop  # <- error
  db:
    image: postgres:16
    networks:
      - back
networks:
  back:
```

## Bad: behind a VPN

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  indexer:
    image: example/indexer
    network_mode: service:vpn
  web:
    image: example/app
    environment:
      INDEXER_URL: http://indexer:9696  # <- error
```

## Bad: a proxy that cannot reach it

```yaml title="compose.yaml"
services:
  proxy:
    image: traefik:v3
    networks:
      - front
  web:
    image: example/app
    labels:
      - traefik.enable=true  # <- warning
    networks:
      - back
networks:
  front:
  back:
```

## Bad: on the host's network

```yaml title="compose.yaml"
services:
  bridge:
    image: example/bridge
    network_mode: host
    environment:
      MQTT_URL: mqtt://broker:1883  # <- warning
  broker:
    image: eclipse-mosquitto
```

## Bad: a name server on another network

```yaml title="compose.yaml"
services:
  resolver:
    image: example/dns
    networks:
      names:
        ipv4_address: 172.30.0.53
  app:
    image: example/app
    dns: 172.30.0.53  # <- error
networks:
  names:
    ipam:
      config:
        - subnet: 172.30.0.0/24
```

## Good: a network for both

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    networks:
      - back
  indexer:
    image: example/indexer
    network_mode: service:vpn
  web:
    image: example/app
    environment:
      DATABASE_URL: postgres://db:5432/shop
      INDEXER_URL: http://vpn:9696
    networks:
      - back
  db:
    image: postgres:16
    networks:
      - back
networks:
  back:
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    PROXIES,
    Attachment,
    Confidence,
    Finding,
    Host,
    Intent,
    Label,
    Located,
    Network,
    Project,
    Proxy,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    intents,
    parse_address,
    proxied,
    proxies,
    rule,
    serving,
)

ICC = "com.docker.network.bridge.enable_icc"


class Why(Struct, frozen=True):
    """Why a service does not reach another, how to mend it, and the place of the cause."""

    text: str
    cure: str
    cause: Label


class Holder(Struct, frozen=True):
    """Who has a fixed address."""

    service: Service
    attachment: Attachment
    network: Network


@rule(
    "NL208",
    Severity.ERROR,
    proof="for proxies: traefik/traefik#959",
    compose=["service.environment|service.command|service.links|service.labels|service.deploy_labels|service.dns"],
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        holders = _holders(host)
        for project in host.projects:
            if project.partial or project.is_library:
                continue
            reach = Reach(project)
            for service in project.services:
                yield from _named(host, reach, service)
                if holders:
                    yield from _addressed(host, reach, service, holders)
    yield from _proxied(site)


def _named(host: Host, reach: Reach, service: Service) -> Iterator[Finding]:
    """What the service names in its environment, command and links."""
    others = {link.value.partition(":")[2] or link.value for link in service.external_links}
    mapped = {name for sharer in reach.sharers(service) for name, _ in sharer.extra_hosts}
    said: set[str] = set()
    for intent in intents(service):
        other = reach.by_name.get(intent.host)
        if other is None or intent.host in others | mapped | said:
            continue
        why = _why(host, reach, service, other)
        if why is None:
            continue
        said.add(intent.host)
        # `DB_HOST: db` without a port may be something else that is called so, and a host may know the name
        sure = intent.exact and (intent.port is not None or intent.scheme != "") and service.mode is None
        severity, confidence = (Severity.ERROR, Confidence.HIGH) if sure else (Severity.WARNING, Confidence.MEDIUM)
        what = f"service {service.name} means to reach {_shown(intent)}"
        yield _finding(host, what, intent.span, why, service, severity, confidence)
    for link in service.links:
        other = reach.project.service(link.value.partition(":")[0])
        why = _why(host, reach, service, other) if other is not None and other.name not in said else None
        if other is not None and why is not None:
            confidence = Confidence.HIGH if link.exact else Confidence.MEDIUM
            what = f"service {service.name} links {other.name}"
            yield _finding(host, what, link.span, why, service, Severity.WARNING, confidence)


def _shown(intent: Intent) -> str:
    what = "its command" if intent.name == "command" else intent.name or "its environment"
    return f"{intent.host}{'' if intent.exact else ' by default'} ({what})"


def _why(host: Host, reach: Reach, service: Service, other: Service) -> Why | None:
    """Why `service` does not reach `other` by its name; None where it does, or for all that is known may reach
    something of that name."""
    if service is other or service.extends or other.extends or other in reach.sharers(service):
        return None
    if service.mode is not None and service.mode.exact and service.mode.value == "host":
        return Why(
            "whose name does not resolve in the network of the host",
            f"publish the port of {other.name} and reach it at 127.0.0.1",
            Label(service.mode.span, "the host's resolver knows no services"),
        )
    if service.mode is not None and service.mode.exact and service.mode.value == "none":
        return Why(
            "but has no network",
            f"put both on one network: remove network_mode from {service.name}",
            Label(service.mode.span, "no network"),
        )
    mine = reach.networks(service)
    if not mine or reach.has_foreign_network(service):
        return None
    if other.mode is not None:
        return _why_mode(reach, other, other.mode)
    theirs = reach.networks(other)
    if theirs is None:
        return None
    if not mine & theirs:
        place = other.attachments[0].span if other.attachments else other.span
        return Why(
            "with which it shares no network",
            f"put both on one network, such as {_keys(other)[0]}",
            Label(place, f"service {other.name} is on {', '.join(_keys(other))}"),
        )
    shared = [network for network in reach.project.networks if network.name in mine & theirs]
    off = [option for network in shared if (option := _icc_off(host, reach.project, network)) is not None]
    if shared and len(off) == len(shared):
        return Why(
            f"and network {shared[0].key} keeps its containers from each other",
            "leave enable_icc on, or put both on another network",
            Label(off[0].span, "containers of this network do not reach each other"),
        )
    return None


def _icc_off(host: Host, project: Project, network: Network) -> Located[str] | None:
    known = host.network_of(project, network.key or "") or network
    option = known.option(ICC)
    return option if option is not None and option.exact and option.value.lower() in ("false", "0") else None


def _why_mode(reach: Reach, other: Service, mode: Located[str]) -> Why | None:
    """The same for a service with a network_mode."""
    kind, _, name = mode.value.partition(":")
    if not mode.exact or kind not in ("host", "none", "service"):
        return None
    nameless = Label(mode.span, f"service {other.name} has no name on any network")
    if kind == "host":
        cure = "reach it as host.docker.internal, with extra_hosts: host.docker.internal:host-gateway"
        return Why("which is in the network of the host", cure, nameless)
    if kind == "none":
        return Why("without a network", f"put {other.name} on a network", nameless)
    owner = reach.namespace(other)
    if owner is None or reach.project.service(name) is None:
        return None
    return Why(
        f"which is in the network of service {owner.name} and has no name of its own",
        f"name {owner.name} instead",
        Label(mode.span, f"reached as {owner.name}"),
    )


def _holders(host: Host) -> dict[str, Holder]:
    """Who has which fixed address on a bridge of this host."""
    found: dict[str, Holder] = {}
    for project in host.projects:
        for service in project.services:
            for attachment in service.attachments:
                network = host.network_of(project, attachment.network)
                for address in (attachment.ipv4, attachment.ipv6):
                    if network is not None and network.driver == "bridge" and address is not None and address.exact:
                        found.setdefault(str(address.value), Holder(service, attachment, network))
    return found


def _addressed(host: Host, reach: Reach, service: Service, holders: dict[str, Holder]) -> Iterator[Finding]:
    """Fixed addresses of other services in its environment, command and dns."""
    mine = reach.networks(service)
    if not mine or reach.has_foreign_network(service):
        return
    uses = [(intent.host.strip("[]"), intent.span, f"means to reach {_shown(intent)}") for intent in intents(service)]
    uses += [(server.value, server.span, f"has the name server {server.value}") for server in service.dns]
    said: set[str] = set()
    for text, span, what in uses:
        address = parse_address(text)
        holder = holders.get(str(address)) if address is not None else None
        if holder is None or holder.network.name in mine or text in said or holder.service is service:
            continue
        said.add(text)
        on = holder.network.key or holder.network.name
        why = Why(
            f"the address of service {holder.service.name} on network {on}, on which it is not",
            f"put {service.name} on network {on} too",
            Label(holder.attachment.span, f"service {holder.service.name} has {text} here"),
        )
        yield _finding(host, f"service {service.name} {what}", span, why, service, Severity.ERROR, Confidence.HIGH)


def _finding(
    host: Host, what: str, at: Span, why: Why, service: Service, severity: Severity, confidence: Confidence
) -> Finding:
    mine = [] if service.mode is not None else _keys(service)
    return Finding(
        message=f"{what}, {why.text}",
        at=at,
        label="no way there" + (f" from {', '.join(mine)}" if mine else ""),
        help=why.cure,
        related=(why.cause,),
        severity=severity,
        confidence=confidence,
        host=host.name,
    )


def _keys(service: Service) -> list[str]:
    return [attachment.network for attachment in service.attachments]


def _proxied(site: Site) -> Iterator[Finding]:
    """Services that a proxy is to serve and cannot reach."""
    for kind in PROXIES:
        known = proxies(site, kind)
        for host in site.hosts if known else ():
            for project in host.projects:
                reach = Reach(project)
                for service in project.services:
                    proxy = serving(known, host, project)
                    place = proxied(service, kind)
                    if proxy is not None and place is not None and service is not proxy.service:
                        yield from _unreached(host, reach, service, proxy, place)


def _unreached(host: Host, reach: Reach, service: Service, proxy: Proxy, place: Span) -> Iterator[Finding]:
    mine = reach.networks(service)
    own = proxy.project is reach.project
    # an external network of a name that is not the proxy's may still be one that the proxy is put on by hand
    if not mine or mine & proxy.networks or service.extends or (not own and reach.has_foreign_network(service)):
        return
    name, there = proxy.service.name, ", ".join(_keys(proxy.service))
    yield Finding(
        message=f"service {service.name} is to be served by {name}, with which it shares no network",
        at=place,
        label=f"{name} has no way to it",
        help=f"put {service.name} on {_keys(proxy.service)[0]} as well"
        if own
        else f"put {service.name} on {min(proxy.networks)} as well, as an external network",
        related=(
            Label(service.attachments[0].span, f"service {service.name} is on {', '.join(_keys(service))}"),
            Label(proxy.service.attachments[0].span, f"{name} is on {there}"),
        ),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if own or proxy.host is host else Confidence.MEDIUM,
        host=host.name,
    )
