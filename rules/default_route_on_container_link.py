"""A default route leads to containers instead of out of the host

## What it means

The default route of the host goes out by a container's link or by a bridge of containers. Docker never sets such a
route: a program that configures interfaces (dhcpcd, connman, NetworkManager, ifupdown with `allow-hotplug`) has taken
the host's end of a container's link for a new network card, or somebody gave a default route by hand.

## Why it matters

A route without a metric wins over the real default route. The host and every container on it lose the internet, mostly
some seconds after a container has started.

## How to fix it

Keep the program from these interfaces: `denyinterfaces veth*` in dhcpcd.conf,
`NetworkInterfaceBlacklist=veth,docker,br-` for connman, `unmanaged-devices=interface-name:veth*;interface-name:br-*`
for NetworkManager; then delete the route, `ip route del default dev veth0f1ec05`.

## Bad: a DHCP client found the container's link

```text title="ip-route.txt"
default dev veth0f1ec05 scope link  # <- error
default via 192.168.10.254 dev eth0 proto static metric 100
169.254.0.0/16 dev veth0f1ec05 proto kernel scope link src 169.254.99.12
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Bad: a bridge of containers

```text title="ip-route.txt"
default dev docker0 scope link  # <- error
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Good: the default route leads out

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0 proto static metric 100
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    OUTSIDE,
    Confidence,
    Finding,
    Host,
    Label,
    Route,
    Severity,
    Site,
    Walker,
    from_host,
    leg_witness,
    pattern,
    rule,
)

# The host's end of a container's link, by the names that engines give.
VETH = pattern(r"veth[0-9a-f]{7}|veth[\w.-]+|cali[0-9a-f]{11}|lxc[0-9a-f]{12}")


@rule(
    "NL504",
    Severity.ERROR,
    needs=["routes"],
    proof="source: of equal prefixes the route with the smallest metric wins (fib_find_alias of net/ipv4/fib_trie.c)",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        for route in host.routes or ():
            if route.prefix.is_default and route.table == "main" and route.kind == "unicast" and _inner(host, route):
                yield _finding(walker, host, route)


def _inner(host: Host, route: Route) -> bool:
    """Whether the route leads to containers. A machine whose only way out is a link of that kind is one itself."""
    device = route.device or ""
    if any(network.bridge == device for network in host.networks):
        # with a gateway there, containers of the network may be the host's way out on purpose
        return route.via is None or _wins(host, route)
    if VETH.fullmatch(device) is None:
        return False
    link = host.interface(device)
    port = link is not None and (
        link.master is not None or all(entry.address.is_link_local for entry in link.addresses)
    )
    others = any(
        other.prefix.is_default and other.prefix.version == route.prefix.version and other.device != device
        for other in host.routes or ()
    )
    return route.via is None and (others or port)


def _wins(host: Host, route: Route) -> bool:
    """Whether another default route leads out, and this one takes its place."""
    rivals = [
        other
        for other in host.routes or ()
        if other.prefix == route.prefix and other.table == route.table and other.device != route.device
    ]
    return bool(rivals) and all((route.metric or 0) <= (other.metric or 0) for other in rivals)


def _finding(walker: Walker, host: Host, route: Route) -> Finding:
    version = route.prefix.version
    beaten = next(
        (
            other
            for other in host.routes or ()
            if other.prefix == route.prefix and other.table == route.table and other.device != route.device
        ),
        None,
    )
    walk = walker.on(host, version)
    leg = walk.send(from_host(walk, OUTSIDE[version]))
    hit = leg.hop is not None and leg.hop.span == route.span
    link = host.interface(route.device or "")
    odd = [entry for entry in link.addresses if entry.address.is_link_local] if link is not None else []
    related = [Label(entry.span, f"{entry.address}: a program has configured this link") for entry in odd
               if entry.address.version == 4]  # fmt: skip
    if beaten is not None and hit:
        related.append(Label(beaten.span, "the way out, which is not taken any more"))
    return Finding(
        message=f"the default route leaves by {route.device}, which leads to containers"
        + (" and not out of the host" if hit else ""),
        at=route.span,
        label="taken for everything that has no route of its own" if hit else "another default route comes first",
        help=f"ip route del default dev {route.device}, and keep what configures interfaces from veth*, docker0 and "
        "br-*",
        severity=None if hit else Severity.WARNING,
        confidence=Confidence.MEDIUM if route.via is not None else None,
        related=tuple(related),
        witness=leg_witness(leg) if hit else None,
        host=host.name,
    )
