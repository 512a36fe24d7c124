"""A rule in DOCKER-USER asks for a published port by its number on the host

## What it means

A packet to a published port is rewritten before routing: in FORWARD, where `DOCKER-USER` has its turn, it already has
the container's address and port. A rule there with the host's port matches no such packet.

## Why it matters

What was to be blocked answers, or what was to be allowed is not.

## How to fix it

Match the container's port, or the port that the client asked for: `-m conntrack --ctorigdstport 8080 --ctdir ORIGINAL`.

## Bad: the host's port

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
-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 8080 -j DROP  # <- error
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: the port that the client asked for

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
-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: a jail of fail2ban

```ini title="jail.local"
[web]
enabled = true
filter = web
logpath = /var/log/web/access.log
banaction = iptables-multiport
chain = DOCKER-USER
port = 8080  ; <- error
```

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    ports:
      - "8080:80"
```

## Bad: in a script

```sh title="firewall.sh"
iptables -I DOCKER-USER -i eth0 -p tcp --dport 5433 -j DROP  # <- error
```

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    ports:
      - "5433:5432"
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    FirewallChange,
    FirewallRule,
    Host,
    HostWalk,
    Jail,
    Label,
    Published,
    Severity,
    Site,
    Span,
    Walker,
    Witness,
    inward,
    is_container_link,
    known_as,
    leg_witness,
    published,
    rule,
    rules_below,
)

PORT_OPTIONS = ("dport", "dports")


@rule(
    "NL408",
    Severity.ERROR,
    security=7.5,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        ruleset = host.ruleset(4)
        ports = list(published(host, walk.router))
        if ruleset is not None:
            yield from _dump(walk, rules_below(ruleset, "filter", "DOCKER-USER"), ports)
        for action in host.actions:
            if isinstance(action, FirewallChange) and action.chain == "DOCKER-USER" and action.operation in ("A", "I"):
                yield from _script(host, action)
        for jail in host.jails:
            if jail.chain is not None and jail.chain.value == "DOCKER-USER" and not jail.every_port:
                yield from _jail(host, jail)


def _dump(walk: HostWalk, rules: list[FirewallRule], ports: list[Published]) -> Iterator[Finding]:
    inner = {(one.protocol, one.target_port) for one in ports}
    for one in rules:
        for number in _asked(walk.host, one):
            meant = next(
                (
                    port
                    for port in ports
                    if port.port == number and port.target_port != number and _is_for(one, port.protocol)
                ),
                None,
            )
            if meant is None or (meant.protocol, number) in inner:
                continue
            address = meant.address or known_as(walk)
            witness = None
            if address is not None:
                leg = walk.receive(inward(walk, address, number, meant.protocol))
                if any(step.span == one.span for step in leg.steps):
                    continue  # it matches after all
                witness = leg_witness(leg)
            label = Label(meant.rule.span, f"port {number} becomes {meant.target}:{meant.target_port} here, before")
            yield _finding(walk.host, one, number, meant.target_port, label, witness)


def _script(host: Host, action: FirewallChange) -> Iterator[Finding]:
    inner = {
        (publication.port.protocol, number)
        for publication in host.publications()
        for number in range(publication.port.target.first, publication.port.target.last + 1)
    }
    for number in _asked(host, action.rule):
        for publication in host.publications():
            port = publication.port
            held = port.published is not None and port.published.first <= number <= port.published.last
            same = port.published is None or len(port.published) != len(port.target) or port.published == port.target
            if not held or same or not port.exact or not _is_for(action.rule, port.protocol):
                continue
            if (port.protocol, number) in inner or port.published is None:
                continue
            target = port.target.first + number - port.published.first
            label = Label(port.span, f"port {number} of the host leads to port {target} of {publication.owner}")
            yield _finding(host, action.rule, number, target, label, None, action.span)
            break


def _jail(host: Host, jail: Jail) -> Iterator[Finding]:
    """A jail whose bans ask for the host's port of what a container publishes, and for nothing that it has inside."""
    asked = {number for ports in jail.ports for number in range(ports.first, ports.last + 1)}
    ports = [publication.port for publication in host.publications() if publication.port.exact]
    if any(target in asked for port in ports for target in range(port.target.first, port.target.last + 1)):
        return
    for port in ports:
        if port.published is None or len(port.published) != len(port.target) or port.protocol != "tcp":
            continue
        number = next((one for one in range(port.published.first, port.published.last + 1) if one in asked), None)
        if number is not None:
            target = port.target.first + number - port.published.first
            yield Finding(
                message=f"jail {jail.name} bans in DOCKER-USER for port {number}, there {target}: no ban holds",
                at=jail.span,
                label="what comes there has the container's address and port already",
                help=f"ban on every port (banaction = iptables-allports), or on port {target}",
                related=(Label(port.span, f"port {number} of the host leads to port {target}"),),
                host=host.name,
            )
            return


def _asked(host: Host, one: FirewallRule) -> Iterator[int]:
    """The ports that the rule asks for, if it is for what comes from outside."""
    if one.target is None or not _inward(host, one):
        return
    for name in PORT_OPTIONS:
        found = one.match(name)
        if found is None or found.negated:
            continue
        for text in ",".join(found.values).split(","):
            if text.isdecimal():
                yield int(text)


def _inward(host: Host, one: FirewallRule) -> bool:
    """Whether the rule is not only for what containers send: their peers may well have that port."""
    if one.in_interface is not None:
        return is_container_link(host, one.in_interface.name) == one.in_interface.negated
    if one.out_interface is not None:
        return is_container_link(host, one.out_interface.name) != one.out_interface.negated
    inside = (subnet.prefix for network in host.networks for subnet in network.subnets)
    return one.source is None or one.source.negated or not any(one.source.prefix.overlaps(own) for own in inside)


def _is_for(one: FirewallRule, protocol: str) -> bool:
    return one.protocol is not None and not one.protocol.negated and one.protocol.name == protocol


def _finding(
    host: Host,
    one: FirewallRule,
    number: int,
    target: int,
    related: Label,
    witness: Witness | None,
    span: Span | None = None,
) -> Finding:
    protocol = one.protocol.name if one.protocol is not None else "tcp"
    sure = one.in_interface is not None or one.out_interface is not None
    return Finding(
        message=f"{one.target} in DOCKER-USER for port {number}/{protocol} never matches the published port, which is "
        f"{target} by then",
        at=span or one.span,
        label="what comes here has the container's address and port already",
        help=f"match --dport {target}, or -m conntrack --ctorigdstport {number} --ctdir ORIGINAL",
        related=(related,),
        confidence=None if sure else Confidence.MEDIUM,
        witness=witness,
        host=host.name,
    )
