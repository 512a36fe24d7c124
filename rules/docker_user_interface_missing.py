"""A rule of DOCKER-USER for an interface that the host does not have

## What it means

A rule with `-i eth0` is for what comes in by the interface of that name. Where the card is called `ens3` or `enp1s0`,
no packet has what the rule asks for. Rules are copied with the name in them, and images of machines are moved to
others. The kernel takes any name, also one that nothing has.

## Why it matters

What the rule was to keep out comes in: the published ports are open to everybody, and the list of rules looks as if
they were not.

## How to fix it

Write the name of the interface that the default route has (`ip route show default`).

## Bad: the card has another name

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 -j ACCEPT
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 5432 -j DROP  # <- warning
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.9/24 scope global ens3
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: in a script

```sh title="firewall.sh"
iptables -I DOCKER-USER -i eth0 ! -s 192.168.1.0/24 -j DROP  # <- warning
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: enp1s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.9/24 scope global enp1s0
```

## Good: the interface is there, or comes and goes

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
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 -j ACCEPT
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-USER -i ens3 -p tcp -m conntrack --ctorigdstport 5432 -j DROP
-A DOCKER-USER -i tun0 -p tcp -m conntrack --ctorigdstport 5432 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.9/24 scope global ens3
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Finding,
    FirewallChange,
    FirewallRule,
    Host,
    Severity,
    Site,
    is_container_link,
    pattern,
    rule,
    rules_below,
)

# Cards as the kernel and systemd name them. Tunnels, bridges and what a program makes may come later.
CARD = pattern(r"eth\d+|en(?:o\d|p\d|s\d|x[0-9a-f]{2})\w*|em\d+|wlan\d+|wl[ops]\w+|bond\d+")
REFUSES = ("DROP", "REJECT")


@rule(
    "NL424",
    Severity.WARNING,
    needs=["addresses"],
    proof="the kernel's net/ipv4/netfilter/ip_tables.c compares names, and asks of no interface whether it is there",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        names = {link.name for link in host.interfaces or ()}
        # a listing of one bridge alone tells nothing of the others
        cards = [
            link.name for link in host.interfaces or () if link.addresses and not is_container_link(host, link.name)
        ]
        said: set[str] = set()
        for one in _rules(host) if cards else ():
            link = one.in_interface
            if link is None or link.negated or link.name in names | said or not CARD.fullmatch(link.name):
                continue
            if host.may_get(link.name):
                continue
            said.add(link.name)
            yield Finding(
                message=f"{one.target} in DOCKER-USER is for what comes in by {link.name}, which this host does not "
                "have",
                at=one.span,
                label="no packet comes in by it",
                help=f"write the interface of the way in: {', '.join(cards[:4])}",
                host=host.name,
            )


def _rules(host: Host) -> Iterator[FirewallRule]:
    """Those below DOCKER-USER that are to keep something out, as they stand or as a script adds them."""
    for ruleset in host.rulesets:
        yield from (one for one in rules_below(ruleset, "filter", "DOCKER-USER") if one.target in REFUSES)
    for action in host.actions:
        if isinstance(action, FirewallChange) and action.chain == "DOCKER-USER" and action.rule.target in REFUSES:
            yield action.rule
