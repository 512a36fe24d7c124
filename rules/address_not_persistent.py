"""A script gives a container bridge an address, or the host a route to containers, that nothing keeps

## What it means

`ifconfig docker0 …` and `ip addr add … dev docker0` change the running bridge. The engine sets docker0 from its
configuration (`bip`, else a pool) each time it starts, and knows nothing of the change meanwhile: it goes on to hand
out addresses of the old subnet. A route of `route add` or `ip route add` to another host's containers is gone after the
next start, when the link goes down, or when the network manager configures it anew.

## Why it matters

It works until the first restart, often months later. Containers started between the change and the restart have
addresses that the bridge does not route.

## How to fix it

Set the bridge in `daemon.json` (`"bip": "172.17.1.1/24"`), and the route where the network is configured: networkd,
netplan, NetworkManager, ifupdown.

## Bad: the seed of many trials

```sh title="hostA/setup.sh"
#!/bin/sh
ifconfig docker0 172.17.1.1 netmask 255.255.255.0  # <- warning
route add -net 172.17.2.0 netmask 255.255.255.0 gw 192.168.124.52  # <- warning
docker run -d --name web nginx
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.51/24 scope global eth0
```

```json title="hostB/daemon.json"
{ "bip": "172.17.2.1/24" }
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.52/24 scope global eth0
```

## Good: the engine's own configuration, and routes that last

```json title="daemon.json"
{ "bip": "172.17.1.1/24" }
```

```ini title="etc/systemd/network/10-lan.network"
[Match]
Name=eth0
[Network]
Address=192.168.124.51/24
[Route]
Destination=172.17.2.0/24
Gateway=192.168.124.52
```

```text title="ip-route.txt"
172.17.1.0/24 dev docker0 proto kernel scope link src 172.17.1.1
172.17.2.0/24 via 192.168.124.52 dev eth0
192.168.124.0/24 dev eth0 proto kernel scope link src 192.168.124.51
```
"""

from collections.abc import Iterator

from netlint.api import (
    Action,
    AddressChange,
    Confidence,
    Finding,
    Host,
    Label,
    Prefix,
    RouteChange,
    Severity,
    Site,
    parse_interface,
    pattern,
    rule,
)

ENGINE_BRIDGE = pattern(r"docker0|docker_gwbridge|br-[0-9a-f]{12}")


@rule(
    "NL512",
    Severity.WARNING,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for action in host.actions if host.has_docker else ():
            if isinstance(action, (AddressChange, RouteChange)) and action.each_start:
                continue
            finding = _address(host, action) if isinstance(action, AddressChange) else _route(host, site, action)
            if finding is not None:
                yield finding


def _address(host: Host, action: AddressChange) -> Finding | None:
    name = action.interface.value
    if action.operation == "delete" or not ENGINE_BRIDGE.fullmatch(name) or not action.interface.exact:
        return None
    bip = host.daemon.text("bip") if host.daemon is not None else None
    stated = parse_interface(bip.value) if bip is not None else None
    if name == "docker0" and stated == (action.address.value, action.length):
        return None
    where = "set bip in daemon.json" if name == "docker0" else "give the network its subnet and gateway when it is made"
    return Finding(
        message=f"{name} gets {action.address.value}/{action.length} by a command: the engine sets the bridge from its "
        "own configuration at every start, and hands out addresses of that",
        at=action.span,
        label="gone at the engine's next start",
        help=where,
        related=(Label(bip.span, f"bip says {bip.value}"),) if bip is not None else (),
        host=host.name,
    )


def _route(host: Host, site: Site, action: Action) -> Finding | None:
    if not isinstance(action, RouteChange) or action.operation == "delete" or not action.prefix.exact:
        return None
    prefix = action.prefix.value
    if action.via is None or prefix.is_default or any(one.routed and one.prefix == prefix for one in host.configured):
        return None
    owner = next((other for other in site.every if other is not host and _has(other, prefix)), None)
    containers = Prefix(4, 0xAC100000, 12)
    if owner is None and not (containers.contains(prefix) and prefix.length >= 16):
        return None
    whose = f"containers of {owner.name}" if owner is not None and owner.name else "containers elsewhere"
    return Finding(
        message=f"the route to {prefix} ({whose}) is set by a command and not kept anywhere",
        at=action.span,
        label="gone at the next start, or when its link goes down",
        help="configure it with the interface: networkd, netplan, NetworkManager, ifupdown",
        confidence=Confidence.MEDIUM if owner is not None else Confidence.LOW,
        host=host.name,
    )


def _has(host: Host, prefix: Prefix) -> bool:
    """Whether containers of the host have addresses in the range."""
    if any(subnet.prefix.overlaps(prefix) for network in host.networks for subnet in network.subnets):
        return True
    return any(
        isinstance(action, AddressChange)
        and ENGINE_BRIDGE.fullmatch(action.interface.value) is not None
        and prefix.holds(action.address.value)
        for action in host.actions
    )
