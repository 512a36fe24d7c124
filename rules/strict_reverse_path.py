"""The reverse-path filter drops packets that come by another way than their answers would take

## What it means

With `rp_filter` 1 the kernel drops a packet where its own route to the sender does not lead out by the interface that
the packet came in by. On a host with containers two things come by such ways: the answers of a container on two
networks, which leave it by its default route whatever network the question came from, and connections that a second
uplink brings to a published port: behind that the destination is a container's address, for which no rule for the
uplink's own address holds.

The larger value of `net.ipv4.conf.all.rp_filter` and that of the interface holds.

## Why it matters

The published port times out, and nothing is logged (`net.ipv4.conf.all.log_martians = 1` would show it).

## How to fix it

Use the loose mode, 2, on these interfaces and for `all`: it only asks whether there is a route back at all.

## Bad: a container on two networks

```json title="docker-network-inspect.json"
[
  {
    "Name": "front", "Scope": "local", "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
    "Containers": {"c0ffee": {"Name": "app", "IPv4Address": "172.18.0.2/16"}},
    "Options": {"com.docker.network.bridge.name": "br-front"}
  },
  {
    "Name": "back", "Scope": "local", "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.19.0.0/16", "Gateway": "172.19.0.1"}]},
    "Containers": {"c0ffee": {"Name": "app", "IPv4Address": "172.19.0.2/16"}},
    "Options": {"com.docker.network.bridge.name": "br-back"}
  }
]
```

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o br-front -j MASQUERADE
-A POSTROUTING -s 172.19.0.0/16 ! -o br-back -j MASQUERADE
-A DOCKER ! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 1  # <- warning
net.ipv4.conf.br-back.rp_filter = 1
net.ipv4.conf.br-front.rp_filter = 1
```

## Good: loose

```json title="docker-network-inspect.json"
[
  {
    "Name": "front", "Scope": "local", "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
    "Containers": {"c0ffee": {"Name": "app", "IPv4Address": "172.18.0.2/16"}},
    "Options": {"com.docker.network.bridge.name": "br-front"}
  },
  {
    "Name": "back", "Scope": "local", "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.19.0.0/16", "Gateway": "172.19.0.1"}]},
    "Containers": {"c0ffee": {"Name": "app", "IPv4Address": "172.19.0.2/16"}},
    "Options": {"com.docker.network.bridge.name": "br-back"}
  }
]
```

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o br-front -j MASQUERADE
-A POSTROUTING -s 172.19.0.0/16 ! -o br-back -j MASQUERADE
-A DOCKER ! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 2
net.ipv4.conf.br-back.rp_filter = 1
net.ipv4.conf.br-front.rp_filter = 1
```

## Bad: a second uplink

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.11.1/24 scope global eth1
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
default via 192.168.11.254 dev eth1 metric 200
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
192.168.11.0/24 dev eth1 proto kernel scope link src 192.168.11.1
```

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.eth0.rp_filter = 1
net.ipv4.conf.eth1.rp_filter = 1  # <- warning
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    OUTSIDE,
    Attached,
    Finding,
    Host,
    HostWalk,
    Label,
    Leg,
    Packet,
    Published,
    Route,
    Severity,
    Site,
    Span,
    Walker,
    Witness,
    attached,
    inward,
    is_container_link,
    known_as,
    leg_witness,
    published,
    rule,
)

STRICT = "1"


class Lost(Struct, frozen=True):
    """A packet that the filter drops. `why` says what of it comes by the other way."""

    leg: Leg
    why: str
    witness: Witness
    related: tuple[Label, ...]


@rule(
    "NL506",
    Severity.WARNING,
    needs=["firewall"],
    proof="source: fib_validate_source of net/ipv4/fib_frontend.c",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        if not any(key.endswith(".rp_filter") and value.value == STRICT for key, value in host.sysctls or ()):
            continue
        walk = walker.on(host)
        said: set[Span] = set()
        for lost in (*_on_two_networks(walk), *_second_uplinks(walk)):
            at = lost.leg.decided
            if at is not None and at not in said:
                said.add(at)
                yield Finding(
                    message=f"strict rp_filter drops {lost.why}",
                    at=at,
                    label=lost.leg.steps[-1].text,
                    help="set it to 2 here and for net.ipv4.conf.all: then any route back will do",
                    related=lost.related,
                    witness=lost.witness,
                    host=host.name,
                )


def _filtered(walk: HostWalk, leg: Leg) -> bool:
    """Whether the reverse-path filter lost the packet."""
    keys = (f"net.ipv4.conf.{name}.rp_filter" for name in ("all", leg.entered.in_interface))
    return leg.verdict == "dropped" and any(
        value.span == leg.decided for key in keys if (value := walk.host.sysctl(key)) is not None
    )


def _on_two_networks(walk: HostWalk) -> Iterator[Lost]:
    """Answers of containers that come back by the network of the container's default route."""
    containers: dict[str, list[Attached]] = {}
    for one in attached(walk.host, walk.router):
        containers.setdefault(one.names[0], []).append(one)
    ports = list(published(walk.host, walk.router))
    for name, places in containers.items():
        way_out = _way_out(walk.host, name, places)
        if way_out is None:
            continue
        for one in places:
            port = next((port for port in ports if port.target == one.address), None)
            if port is None or one.bridge.name == way_out.bridge.name:
                continue
            there = _asked(
                walk, port, inward(walk, port.address or known_as(walk) or one.address, port.port).in_interface
            )
            if there is None or not there.accepted:
                continue
            back = walk.answer(there, way_out.bridge.name)
            if _filtered(walk, back):
                why = f"the answers of container {name} to port {port.port}, which it sends by {way_out.bridge.name}"
                steps = (*leg_witness(there).steps, *leg_witness(back).steps)
                related = (
                    Label(way_out.span, "the container's default route is by this network, the first by its name"),
                    Label(port.rule.span, f"port {port.port} leads to its other address"),
                )
                yield Lost(back, why, Witness(packet=str(there.entered), steps=steps), related)


def _way_out(host: Host, name: str, places: list[Attached]) -> Attached | None:
    """The network by which a container has its default route; None where it has one only, or a setting decides."""
    outer = [one for one in places if not one.bridge.network.internal]
    for project in host.projects:
        for service in project.services:
            if any(attachment.gw_priority is not None for attachment in service.attachments):
                return None
    if len({one.bridge.name for one in outer}) < 2:
        return None
    return min(outer, key=lambda one: one.bridge.network.name)


def _asked(walk: HostWalk, port: Published, link: str | None) -> Leg | None:
    """The first packet of somebody far away to a published port, by `link`."""
    own = walk.router.first_address(link or "")
    address = port.address or (own[0] if own is not None else known_as(walk))
    if address is None and (bridge := walk.router.bridge_of(port.target)) is not None:
        address = bridge.subnet.gateway.value if bridge.subnet.gateway is not None else None
    if address is None or address.is_loopback:
        return None
    return walk.receive(
        Packet(
            source=OUTSIDE[walk.version],
            destination=address,
            protocol=port.protocol,
            destination_port=port.port,
            in_interface=link,
        )
    )


def _second_uplinks(walk: HostWalk) -> Iterator[Lost]:
    """Connections to published ports that come by an uplink whose default route is not the first."""
    host = walk.host
    uplinks: dict[str, Route] = {}
    for route in host.routes or ():
        leads_out = route.prefix.is_default and route.prefix.version == walk.version and route.via is not None
        if leads_out and route.device is not None and not is_container_link(host, route.device):
            uplinks.setdefault(route.device, route)
    for link, route in uplinks.items() if len(uplinks) > 1 else ():
        own = walk.router.first_address(link)
        for port in published(host, walk.router) if own is not None else ():
            leg = _asked(walk, port, link) if port.address in (None, own[0] if own is not None else None) else None
            if leg is not None and _filtered(walk, leg):
                why = f"connections to the published port {port.port} that come from beyond {link}"
                related = (
                    Label(route.span, f"{link} has a way out too"),
                    Label(port.rule.span, f"port {port.port} leads to {port.target}"),
                )
                yield Lost(leg, why, leg_witness(leg), related)
                break
