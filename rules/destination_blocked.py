"""The firewall drops what containers send to a server that they are told to use

## What it means

Containers of the network reach the internet, but not the name server or the address that the configuration gives them:
a rule on their way refuses it. Often it is one that is to keep containers out of the LAN (`-d 192.168.0.0/16 -j DROP`),
where the resolver of the LAN is, too; or one that forces all names through one server while the engine hands out
another.

## Why it matters

Names do not resolve, or a connection that the service needs times out, while a ping to some other place works.

## How to fix it

Accept the server before the rule: `iptables -I DOCKER-USER -d 192.168.10.53 -p udp --dport 53 -j ACCEPT`, or tell the
containers of one that they may reach.

What does not leave a network at all is the matter of `forward-blocked`, and what the host itself serves that of
`input-blocks-containers`.

## Bad: the LAN is closed, and the resolver is in there

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -i docker0 -d 192.168.0.0/16 -j DROP  # <- error
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.9/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="resolv.conf"
nameserver 192.168.10.53
```

## Good: the resolver is let through

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -i docker0 -d 192.168.10.53/32 -p udp -m udp --dport 53 -j RETURN
-A DOCKER-USER -i docker0 -d 192.168.0.0/16 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.9/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="resolv.conf"
nameserver 192.168.10.53
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    Finding,
    Host,
    HostWalk,
    Inside,
    Label,
    Severity,
    Site,
    Span,
    Walker,
    Wanted,
    insides,
    leg_witness,
    outward,
    parse_address,
    refused_way,
    rule,
    service_targets,
)


@rule(
    "NL425",
    Severity.ERROR,
    needs=["firewall"],
    proof="the walk of a packet, which the lab holds against the kernel's own: tests/lab/test_oracle.py",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        said: set[Span] = set()
        servers = list(_servers(host))
        # a resolver asks the next server where one does not answer: all of them have to be lost
        names = [one for one in servers if one.networks is None]
        for inside in insides(walk) if servers else ():
            if inside.network is None or inside.network.internal or not walk.receive(outward(inside)).accepted:
                continue
            lost = [found for one in names if (found := _lost(walk, inside, one)) is not None]
            wanted = [lost[0]] if lost and len(lost) == len(names) else []
            for one in servers:
                if one.networks is not None and inside.network.name in one.networks:
                    found = _lost(walk, inside, one)
                    wanted += [found] if found is not None else []
            for finding in wanted:
                if finding.at not in said:
                    said.add(finding.at)
                    yield finding


def _servers(host: Host) -> Iterator[Wanted]:
    """The name servers of all containers, and the addresses that services of Compose files connect to."""
    option = host.daemon.get("dns") if host.daemon is not None else None
    names: list[tuple[Address, Span]] = []
    if option is not None and option.items:
        names = [(address, item.span) for item in option.items if (address := parse_address(item.value)) is not None]
    elif host.resolver is not None:
        names = [(server.value, server.span) for server in host.resolver.nameservers]
    for address, span in names:
        if address.version == 4:
            yield Wanted(address, "udp", 53, "the name server of containers", span)
    yield from service_targets(host)


def _lost(walk: HostWalk, inside: Inside, wanted: Wanted) -> Finding | None:
    """Who surely refuses the packet; None where it passes, or ends on this host."""
    address = wanted.address
    if (
        address.version != 4
        or address in walk.router.own
        or address.is_loopback
        or walk.router.bridge_of(address) is not None
    ):
        return None
    leg = refused_way(walk, inside, wanted)
    if leg is None:
        return None
    return Finding(
        message=f"{address}:{wanted.port}/{wanted.protocol}, {wanted.what}, is closed to network {inside.name}",
        at=leg.decided or inside.span,
        label=f"{leg.left} ends here",
        help=f"accept it before: iptables -I DOCKER-USER -d {address} -p {wanted.protocol} --dport {wanted.port} "
        "-j ACCEPT",
        related=(Label(wanted.span, wanted.what), Label(inside.span, f"network {inside.name}")),
        witness=leg_witness(leg),
        host=walk.host.name,
    )
