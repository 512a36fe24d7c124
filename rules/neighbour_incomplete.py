"""Somebody on a container bridge is asked for and does not answer

## What it means

The neighbour table holds an address inside a container network for which no hardware address was found
(`(incomplete)`, `INCOMPLETE`, `FAILED`). The host asked on the bridge, and nobody has the address.

## Why it matters

A rule, a route, a proxy or an old configuration still sends traffic to a container that is gone, or got another
address when it was started again. Such callers wait for a timeout of three seconds each time.

## How to fix it

Find who sends there (`conntrack -L -d ADDRESS`, the configuration of reverse proxies) and let it use the container's
name instead of an address.

## Bad: nobody has the address

```text title="arp-n.txt"
Address                  HWtype  HWaddress           Flags Mask            Iface
172.18.176.53                    (incomplete)                              br-54bef593d492  # <- note
172.18.0.3               ether   02:42:ac:12:00:03   C                     br-54bef593d492
```

```text title="ip-addr.txt"
4: br-54bef593d492: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-54bef593d492
```

## Good: a silent neighbour outside of containers

```text title="ip-neigh.txt"
192.168.10.254 dev eth0 FAILED
172.18.0.3 dev br-54bef593d492 lladdr 02:42:ac:12:00:03 STALE
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
4: br-54bef593d492: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-54bef593d492
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Neighbour, Network, Severity, Site, Step, Witness, rule

MOST = 10  # of one bridge: a scan of the network leaves hundreds


@rule(
    "NL509",
    Severity.NOTE,
    needs=["neighbours", "networks"],
    proof="a packet of the host to a free address of a bridge leaves an INCOMPLETE, then FAILED entry",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        silent: dict[str, list[Neighbour]] = {}
        for one in host.neighbours or ():
            if not one.answers and one.device is not None:
                silent.setdefault(one.device, []).append(one)
        for device, found in silent.items():
            network = next((network for network in host.networks if network.bridge == device), None)
            inside = [one for one in found if network is not None and _holds(network, one)]
            for one in inside[:MOST]:
                yield _finding(host, one, network, len(inside))


def _holds(network: Network, one: Neighbour) -> bool:
    return any(subnet.prefix.holds(one.address) for subnet in network.subnets)


def _finding(host: Host, one: Neighbour, network: Network | None, count: int) -> Finding:
    name = network.name if network is not None else ""
    more = f" ({count} such addresses on this bridge)" if count > MOST else ""
    owner = next(
        (
            Label(place.span, f"container {container.name} had the address")
            for container in host.containers or ()
            for place in container.networks
            if place.address == one.address and container.running is False
        ),
        None,
    )
    return Finding(
        message=f"nobody on network {name} answers for {one.address}, and somebody sends there{more}",
        at=one.span,
        label=f"asked for on {one.device} without an answer",
        help="find the sender (conntrack -L -d ADDRESS) and let it use the container's name",
        related=(owner,) if owner is not None else (),
        witness=Witness(
            packet=f"icmp this host > {one.address}",
            steps=(Step(one.span, f"on {one.device} no hardware address for {one.address} was found: it is lost"),),
        ),
        host=host.name,
    )
