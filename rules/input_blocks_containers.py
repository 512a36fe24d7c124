"""The firewall drops what containers ask of the host itself

## What it means

Containers are told to use a service of the host: a DNS server on one of its addresses, a port of
`host.docker.internal` or of an address of the host, or a program that waits on the address of their bridge and nowhere
else. What they send there is for the host and passes INPUT, where nothing accepts it.

## Why it matters

No container resolves a name, or the service is out of reach, while everything works on the host itself.

## How to fix it

Accept it from the containers' networks: `iptables -I INPUT -i docker0 -p udp --dport 53 -j ACCEPT`, and the same for
tcp. For networks with other bridges name their interfaces or subnets.

## Bad: the resolver of all containers

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
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited  # <- error
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```json title="daemon.json"
{"dns": ["172.17.0.1"]}
```

## Good: accepted from the containers

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
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -i docker0 -p udp -m udp --dport 53 -j ACCEPT
-A INPUT -i docker0 -p tcp -m tcp --dport 53 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```json title="daemon.json"
{"dns": ["172.17.0.1"]}
```
"""

from collections.abc import Iterator

from netlint.api import (
    DEFAULT_BRIDGE,
    ContainerRun,
    Finding,
    Host,
    HostWalk,
    Inside,
    Label,
    Severity,
    Site,
    Walker,
    Wanted,
    insides,
    leg_witness,
    parse_address,
    refused_way,
    rule,
    service_targets,
    source_networks,
)


@rule(
    "NL415",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        said: set[tuple[object, ...]] = set()
        for wanted in (*_resolvers(host), *service_targets(host), *_listeners(walk)):
            if wanted.address not in walk.router.own or wanted.address.is_loopback:
                continue  # a packet to a loopback address stays in the container (loopback-resolver)
            for inside in insides(walk):
                name = inside.network.name if inside.network is not None else None
                if wanted.networks is not None and name not in wanted.networks:
                    continue
                finding = _finding(walk, inside, wanted)
                if finding is not None and (finding.at, wanted.port, wanted.address) not in said:
                    said.add((finding.at, wanted.port, wanted.address))
                    yield finding


def _resolvers(host: Host) -> Iterator[Wanted]:
    """The DNS servers that containers are told to ask."""
    option = host.daemon.get("dns") if host.daemon is not None else None
    for item in option.items if option is not None else ():
        address = parse_address(item.value)
        if address is not None:
            yield Wanted(address, "udp", 53, "the DNS server of all containers", item.span)
    for project in host.projects:
        for service in project.services:
            networks = source_networks(host, project, service)
            for item in service.dns:
                address = parse_address(item.value)
                if address is not None and item.exact:
                    yield Wanted(address, "udp", 53, f"the DNS server of service {service.name}", item.span, networks)
    for action in host.actions:
        for item in action.dns if isinstance(action, ContainerRun) else ():
            address = parse_address(item.value)
            if address is not None and isinstance(action, ContainerRun):
                name = action.network.value if action.network is not None else "bridge"
                what = "the DNS server of a container"
                yield Wanted(
                    address, "udp", 53, what, item.span, frozenset(DEFAULT_BRIDGE if name == "bridge" else (name,))
                )


def _listeners(walk: HostWalk) -> Iterator[Wanted]:
    """The programs of the host that wait on the address of a bridge, which only its containers have a use for."""
    bridges = {gateway.value: inside for inside in insides(walk) if inside.network is not None
               for subnet in inside.network.subnets if (gateway := subnet.gateway) is not None}  # fmt: skip
    for one in walk.host.listeners or ():
        inside = bridges.get(one.address) if one.address is not None else None
        if inside is None or one.address is None or (one.process or "").startswith("docker-p"):
            continue
        what = f"where {one.process or 'a program of the host'} waits for containers"
        yield Wanted(one.address, one.protocol, one.port, what, one.span, frozenset((inside.name,)))


def _finding(walk: HostWalk, inside: Inside, wanted: Wanted) -> Finding | None:
    leg = refused_way(walk, inside, wanted)
    if leg is None:
        return None
    return Finding(
        message=f"{wanted.address}:{wanted.port}/{wanted.protocol}, {wanted.what}, is closed to network {inside.name}",
        at=leg.decided or inside.span,
        label=f"{leg.steps[-1].text}: {leg.left} ends here",
        help=f"iptables -I INPUT -i {inside.link} -p {wanted.protocol} --dport {wanted.port} -j ACCEPT",
        related=(Label(wanted.span, wanted.what),),
        witness=leg_witness(leg),
        host=walk.host.name,
    )
