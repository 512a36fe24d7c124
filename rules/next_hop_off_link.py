"""A route leads to a gateway that no interface reaches

## What it means

The gateway of a route has to be a neighbour: an address on the link of one of the host's interfaces. This one is in no
subnet of any of them. `ip route add` and `route add` refuse such a route (`Nexthop has invalid gateway`, `Network is
unreachable`), so that a script goes on without it; a route from before an address was changed leads nowhere. An address
of the host itself is no gateway either.

## Why it matters

What is behind the gateway is not reached: containers of another host, an office, a second network.

## How to fix it

Name the router's address on the link that this host shares with it: for the containers of another host that host's own
address on the LAN, not that of its bridge. Only where the link is known to lead there, `onlink` says so.

## Bad: the address of the other host's bridge

```sh title="routes.sh"
ip addr add 192.168.10.1/24 dev eth0
ip route add 172.17.2.0/24 via 172.17.2.1  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.1.1/24 scope global docker0
```

## Bad: the LAN has moved

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.2.0/24 via 192.168.124.52 dev eth0  # <- error
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

## Good: the other host's address on the LAN

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.2.0/24 via 192.168.10.2 dev eth0
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
10.9.0.0/16 via 10.1.1.1 dev eth0 onlink
```

```sh title="routes.sh"
ip route add 172.17.3.0/24 via 192.168.10.3
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    AddressChange,
    Confidence,
    Finding,
    Host,
    Label,
    Prefix,
    RouteChange,
    Severity,
    Site,
    Span,
    is_container_link,
    rule,
)


class Gateway(Struct, frozen=True):
    """The next hop of a route. `asked`: a script asks for it, so that the kernel may have refused it."""

    prefix: Prefix
    address: Address
    device: str | None
    span: Span
    asked: bool


@rule(
    "NL501",
    Severity.ERROR,
    needs=["addresses"],
    proof="source: fib_check_nh of net/ipv4/fib_semantics.c takes a gateway only where a route of scope link or nearer "
    "leads to it",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        links = dict(_links(host))
        if not links or (host.interfaces is None and host.routes is None):  # what a script adds is not all there is
            continue
        own = {entry.address for link in host.interfaces or () for entry in link.addresses}
        known: dict[tuple[object, ...], bool] = {}  # thousands of routes have one next hop
        for gateway in _gateways(host):
            key = (gateway.address, gateway.device, gateway.asked)
            if key not in known:
                known[key] = _reached(gateway, links)
            version = gateway.address.version
            if gateway.address in own:
                yield _finding(host, gateway, links, "is an address of this host itself")
            elif any(prefix.version == version for prefix in links) and not known[key]:
                yield _finding(host, gateway, links, "is on the link of no interface")


def _links(host: Host) -> Iterator[tuple[Prefix, str]]:
    """What interfaces reach without a gateway, by addresses, routes and scripts."""
    for link in host.interfaces or ():
        for entry in link.addresses:
            yield entry.prefix, link.name
            if entry.peer is not None:
                yield Prefix.of(entry.peer, entry.peer.max_prefixlen), link.name
    for route in host.routes or ():
        if route.on_link and route.device is not None and not route.prefix.is_default:
            yield route.prefix, route.device
    for network in host.networks:
        for subnet in network.subnets:
            yield subnet.prefix, network.bridge or ""
    for action in host.actions:
        if isinstance(action, AddressChange) and action.operation != "delete":
            yield Prefix.of(action.address.value, action.length), action.interface.value
        elif isinstance(action, RouteChange) and action.operation != "delete" and action.via is None:
            yield action.prefix.value, action.device.value if action.device is not None else ""


def _gateways(host: Host) -> Iterator[Gateway]:
    """The next hops of routes by interfaces whose addresses are known."""
    known = {link.name for link in host.interfaces or () if link.addresses}
    for route in host.routes or ():
        if route.via is not None and route.kind == "unicast" and "onlink" not in route.flags and route.device in known:
            yield Gateway(route.prefix, route.via, route.device, route.via_span, False)
    for action in host.actions:
        if isinstance(action, RouteChange) and action.operation != "delete" and action.via is not None:
            device = action.device.value if action.device is not None else None
            if action.certain and action.via.exact and device in (None, *known):
                yield Gateway(action.prefix.value, action.via.value, device, action.via.span, True)


def _reached(gateway: Gateway, links: dict[Prefix, str]) -> bool:
    """Whether the gateway is a neighbour. A default route on a link makes all addresses neighbours there."""
    if gateway.address.is_link_local:
        return True
    return any(
        prefix.holds(gateway.address)
        and (not gateway.asked or gateway.device is None or gateway.device == name or not name)
        for prefix, name in links.items()
    )


def _finding(host: Host, gateway: Gateway, links: dict[Prefix, str], what: str) -> Finding:
    near = [
        Label(entry.span, f"{link.name} reaches {entry.prefix}")
        for link in host.interfaces or ()
        for entry in link.addresses
        if entry.address.version == gateway.address.version
        and (link.name == gateway.device if gateway.device is not None else not is_container_link(host, link.name))
    ]
    to = "default" if gateway.prefix.is_default else str(gateway.prefix)
    refused = ": the kernel refuses the route" if gateway.asked else ""
    return Finding(
        message=f"the gateway {gateway.address} of the route to {to} {what}{refused}",
        at=gateway.span,
        help="name an address of the router that is in a subnet of this host's interfaces",
        related=tuple(near[:3]),
        confidence=Confidence.MEDIUM if gateway.asked else None,
        host=host.name,
    )
