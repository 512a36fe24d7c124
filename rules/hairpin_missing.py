"""A container does not reach a service on its own network by the address that others use

## What it means

A rule leads an address and port of the host to a container, also for what other containers of the same network send
there. The packet comes back into the network it came from with the sender's own address: the answer goes straight to
the sender, past the translation, and comes from an address that nobody asked. A container that asks itself gets a
packet from its own address, which the kernel drops: where that alone fails, it is a note.

A rule that is only for what comes in from outside (`-i eth0`) is passed by: a container that asks for the host's
address gets the host itself. That is said where a service asks for it.

## Why it matters

The same name works from everywhere but from beside the service: health checks, callbacks and redirects fail.

## How to fix it

Translate the source of what turns round: `iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -d 172.17.0.2 -o docker0 -j
MASQUERADE`. Or leave publishing to the engine (`-p 8443:443`), whose docker-proxy takes such connections. Best: use the
service's name inside the network.

## Bad: a translation by hand, and the container does not reach itself

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -d 192.168.10.1/32 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443  # <- note
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
-A DOCKER -d 172.17.0.2/32 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 scope link src 172.17.0.1
192.168.10.0/24 dev eth0 scope link src 192.168.10.1
```

## Good: the source is translated as well

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -d 192.168.10.1/32 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 -d 172.17.0.2/32 -o docker0 -j MASQUERADE
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
-A DOCKER -d 172.17.0.2/32 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 scope link src 172.17.0.1
192.168.10.0/24 dev eth0 scope link src 192.168.10.1
```

## Good: the engine publishes the port

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
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

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 scope link src 172.17.0.1
192.168.10.0/24 dev eth0 scope link src 192.168.10.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    SCHEMES,
    Address,
    Finding,
    FirewallRule,
    HostWalk,
    Inside,
    Journey,
    Label,
    Packet,
    Severity,
    Site,
    Walker,
    insides,
    intents,
    is_container_link,
    journey_witness,
    known_as,
    leg_witness,
    parse_target,
    paths,
    rule,
)

PORT = 80  # for a translation of all ports


@rule(
    "NL414",
    Severity.WARNING,
    needs=["firewall"],
    proof="source: a packet from one's own address is dropped (net/ipv4/fib_frontend.c), and bridged answers pass "
    "connection tracking with br_netfilter alone (net/bridge/br_netfilter_hooks.c)",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        ruleset = host.ruleset(4)
        known = {inside.link: inside for inside in insides(walk)}
        said: set[FirewallRule] = set()
        for path in paths(ruleset, "nat", "PREROUTING") if ruleset is not None else ():
            target = parse_target(path.rule.target_option("to-destination") or "")
            if path.rule.target != "DNAT" or target is None or target.first is None or path.rule in said:
                continue
            bridge = walk.router.bridge_of(target.first)
            inside = known.get(bridge.name) if bridge is not None else None
            asked = _asked(walk, path.rule)
            if inside is None or asked is None:
                continue
            if (finding := _passed_by(walk, known, path.rule, asked)) is not None:
                said.add(path.rule)
                yield finding
                continue
            for source in _sources(inside, target.first):
                packet = Packet(
                    source=source,
                    destination=asked[0],
                    protocol=path.rule.protocol.name if path.rule.protocol is not None else "tcp",
                    destination_port=asked[1],
                    in_interface=inside.link,
                )
                leg = walk.receive(packet)
                if leg.destination_rule != path.rule:
                    continue
                journey = walker.journey(host, packet, leg)
                if journey.accepted and journey.answered is False:
                    said.add(path.rule)
                    yield _finding(journey, path.rule, inside, target.first)
                    break


def _passed_by(
    walk: HostWalk, known: dict[str, Inside], one: FirewallRule, asked: tuple[Address, int]
) -> Finding | None:
    """A service that asks for the address of the host from which a rule leads others, but only those from outside, to a
    container: it gets the host itself, where nothing is known to listen."""
    link, host = one.in_interface, walk.host
    if link is None or link.negated or is_container_link(host, link.name) or asked[0] not in walk.router.own:
        return None
    if any(listener.port == asked[1] for listener in host.listeners or ()):
        return None
    published = (publication.port.published for publication in host.publications())
    if any(ports is not None and ports.first <= asked[1] <= ports.last for ports in published):
        return None
    for project in host.projects:
        for service in project.services:
            if service.mode is not None and service.mode.value not in ("bridge", "default"):
                continue
            for intent in intents(service):
                port = intent.port or SCHEMES.get(intent.scheme)
                if intent.host != str(asked[0]) or port != asked[1] or not intent.exact:
                    continue
                for inside in known.values():
                    packet = Packet(
                        source=inside.first, destination=asked[0], destination_port=asked[1], in_interface=inside.link
                    )
                    leg = walk.receive(packet)
                    if not leg.accepted or not leg.delivered or not leg.certain or leg.destination_rule is not None:
                        return None
                    return Finding(
                        message=f"the rule is for what comes in by {link.name}; service {service.name}, which asks for "
                        f"{asked[0]}:{asked[1]} as well ({intent.name}), gets the host itself",
                        at=one.span,
                        label="not for containers of this host",
                        help=f"write -d {asked[0]} in place of -i {link.name}, and translate the source of what turns "
                        "round; or use the service's name",
                        related=(Label(intent.span, "asks for the host's address"),),
                        witness=leg_witness(leg),
                        host=host.name,
                    )
    return None


def _asked(walk: HostWalk, one: FirewallRule) -> tuple[Address, int] | None:
    """The address and port that others ask for; None where the rule is for something else."""
    if one.protocol is not None and (one.protocol.negated or one.protocol.name not in ("tcp", "udp")):
        return None
    held, port = one.destination, one.match("dport")
    address = known_as(walk) if held is None else held.prefix.network_address
    if address is None or (held is not None and (held.negated or not held.prefix.is_host)):
        return None
    if port is None:
        return address, PORT
    return (address, int(port.values[0])) if port.values[0].isdecimal() and not port.negated else None


def _sources(inside: Inside, target: Address) -> list[Address]:
    """A neighbour of the service, and the service itself."""
    return [next(address for address in (inside.first, inside.second) if address != target), target]


def _finding(journey: Journey, one: FirewallRule, inside: Inside, target: Address) -> Finding:
    asked = journey.packet
    itself = asked.source == target
    who = f"container {target}" if itself else f"a container of network {inside.name}"
    what = "itself" if itself else f"container {target}"
    port = f":{asked.destination_port}" if one.match("dport") is not None else ""
    return Finding(
        message=f"{who} does not reach {what} by {asked.destination}{port}: {journey.answer_text}",
        at=one.span,
        label=f"what comes from network {inside.name} is turned round here with its own address",
        help=f"add -A POSTROUTING -s {inside.prefix} -d {target} -o {inside.link} -j MASQUERADE, or use the service's "
        "name",
        related=(Label(inside.span, f"network {inside.name}"),),
        witness=journey_witness(journey),
        severity=Severity.NOTE if itself else None,
        host=journey.first.host.name,
    )
