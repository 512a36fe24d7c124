"""A masquerade rule for a network that is not there

## What it means

The source range of a rule in `POSTROUTING` is none of the host's networks, and no route leads to it; or the interface
that it names does not exist. The rule was written, or left behind, for a network that is gone or has got another range,
or for a machine whose interfaces have other names. Tunnels, which come and go, are left out.

## Why it matters

The network that the rule was meant for, under its new range, has no translation any more; and when another network
takes the old range, it gets a translation that nobody expects.

## How to fix it

Delete the rule, or write the range that the network has now. Rules that Docker left behind go with a restart of the
engine.

## Bad: the network has moved

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.25.0.0/16 -o eth0 -j MASQUERADE  # <- warning
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: every range is there

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: tun0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UNKNOWN
    inet 10.8.0.1/24 scope global tun0
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Path, Prefix, Severity, Site, is_tunnel, paths, rule

TRANSLATES = ("MASQUERADE", "SNAT")


@rule(
    "NL404",
    Severity.WARNING,
    needs=["firewall", "addresses"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.interfaces is None:
            continue
        for ruleset in host.rulesets:
            known = _known(host, ruleset.version)
            names = {link.name for link in host.interfaces}
            for path in paths(ruleset, "nat", "POSTROUTING"):
                if path.rule.target in TRANSLATES:
                    yield from _source(host, path, known)
                    yield from _link(host, path, names)


def _known(host: Host, version: int) -> list[Prefix]:
    """Every range that packets can come from, by interfaces, networks and routes; a default route says nothing."""
    ranges = [entry.prefix for link in host.interfaces or () for entry in link.addresses]
    ranges += [subnet.prefix for network in host.networks for subnet in network.subnets]
    ranges += [route.prefix for route in host.routes or () if not route.prefix.is_default]
    return [prefix for prefix in ranges if prefix.version == version]


def _source(host: Host, path: Path, known: list[Prefix]) -> Iterator[Finding]:
    for source in path.sources:
        if source.negated or source.prefix.is_default or any(source.prefix.overlaps(prefix) for prefix in known):
            continue
        yield Finding(
            message=f"{path.rule.target} from {source.prefix}: no interface, network or route of this host has that "
            "range",
            at=path.rule.span,
            help="delete the rule, or write the range that the network has now",
            host=host.name,
        )
        return


def _link(host: Host, path: Path, names: set[str]) -> Iterator[Finding]:
    for out in path.out_interfaces:
        if out.name in names or out.name.endswith("+"):
            continue
        # a bridge that the engine names after a network's id exists as long as the network does
        if out.negated and out.name.startswith("br-"):
            what, help_line = "names the bridge", "delete the rule, or restart the engine, which writes its rules anew"
        # a tunnel may be down for now
        elif not out.negated and not is_tunnel(out.name):
            what, help_line = "is for what leaves by", "write the interface of the way out, or delete the rule"
        else:
            continue
        yield Finding(
            message=f"{path.rule.target} {what} {out.name}, which this host does not have",
            at=path.rule.span,
            help=help_line,
            host=host.name,
        )
        return
