"""A published port leads to an address that no container has

## What it means

A rule sends what comes to a port of the host to a container's address, and the engine's own list of the network shows
no container with it. Or two rules send the same port to different addresses: the first decides, and the other, newer
one is never reached. That is what a crash of the engine, a restored dump or rules made by hand leave behind.

## Why it matters

The port does not answer, though a container runs that publishes it; or a container that got the address since answers
in its place.

## How to fix it

Delete the stale rule (`iptables -t nat -D DOCKER …`), or restart the engine, which writes its rules anew. For rules of
one's own give the container a fixed address (`ipv4_address`), or publish the port and leave the rule to the engine.

## Bad: nobody has the address

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80  # <- error
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
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```json title="docker-network-inspect.json"
[
  {
    "Name": "bridge",
    "Id": "7f3eca315f4e0000000000000000000000000000000000000000000000000000",
    "Scope": "local",
    "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]},
    "Containers": {"c0ffee": {"Name": "web", "IPv4Address": "172.17.0.3/16"}},
    "Options": {"com.docker.network.bridge.name": "docker0"}
  }
]
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: an older rule comes first

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80  # <- error
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80
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
-A DOCKER -d 172.17.0.3/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: the address is the container's

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80
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
-A DOCKER -d 172.17.0.3/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```json title="docker-network-inspect.json"
[
  {
    "Name": "bridge",
    "Id": "7f3eca315f4e0000000000000000000000000000000000000000000000000000",
    "Scope": "local",
    "Driver": "bridge",
    "IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]},
    "Containers": {"c0ffee": {"Name": "web", "IPv4Address": "172.17.0.3/16"}},
    "Options": {"com.docker.network.bridge.name": "docker0"}
  }
]
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Finding,
    FirewallRule,
    HostWalk,
    Label,
    Published,
    Severity,
    Site,
    Walker,
    Witness,
    inward,
    known_as,
    leg_witness,
    published,
    rule,
)


@rule(
    "NL412",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        ports = list(published(host, walk.router))
        stale = [one for one in ports if _nobody(walk, one)]
        for one in stale:
            network = walk.router.bridge_of(one.target)
            name = network.network.name if network is not None else ""
            span = network.network.span if network is not None else one.rule.span
            yield Finding(
                message=f"port {one.port}/{one.protocol} leads to {one.target}, which no container of network {name} "
                "has",
                at=one.rule.span,
                label="what comes to the port ends here",
                help="delete the rule, or restart the engine, which writes its rules anew",
                related=(Label(span, f"the containers of network {name} are listed here"),),
                witness=_witness(walk, one),
                host=host.name,
            )
        known = {one.rule.span for one in stale}
        yield from (finding for finding in _shadowed(walk, ports) if finding.at not in known)


def _nobody(walk: HostWalk, one: Published) -> bool:
    """Whether the address lies in a network whose containers are all listed, and is none of theirs."""
    bridge = walk.router.bridge_of(one.target)
    if bridge is None or bridge.network.endpoints is None or bridge.network.external:
        return False
    return all(endpoint.address != one.target for endpoint in bridge.network.endpoints)


def _shadowed(walk: HostWalk, ports: list[Published]) -> Iterator[Finding]:
    """Rules behind which another one for the same packets is never reached."""
    first: dict[object, Published] = {}
    for one in ports:
        key = (one.chain, *_asked(one.rule))
        before = first.setdefault(key, one)
        if before is one or (before.target, before.target_port) == (one.target, one.target_port):
            continue
        yield Finding(
            message=f"port {one.port}/{one.protocol} leads to {before.target}:{before.target_port}, and the rule that "
            f"leads it to {one.target}:{one.target_port} is never reached",
            at=before.rule.span,
            label="this one decides",
            help="delete the rule that is no longer wanted, or restart the engine, which writes its rules anew",
            related=(Label(one.rule.span, "no packet gets here"),),
            witness=_witness(walk, before),
            host=walk.host.name,
        )


def _asked(one: FirewallRule) -> tuple[object, ...]:
    """What a rule asks of packets, the place of the rule and what it does aside."""
    asked = tuple(match for match in one.matches if match.module != "comment")
    return one.source, one.destination, one.in_interface, one.protocol, asked


def _witness(walk: HostWalk, one: Published) -> Witness | None:
    address = one.address or known_as(walk)
    if address is None:
        return None
    leg = walk.receive(inward(walk, address, one.port, one.protocol))
    return leg_witness(leg) if leg.destination_rule == one.rule else None
