"""A DNAT sends others to the host's loopback, where the kernel lets nothing from outside

## What it means

A rule in PREROUTING gives packets of other machines or of containers a destination in 127.0.0.0/8. The kernel drops
what comes in by an interface for such an address as a martian, unless `route_localnet` is 1 for that interface or for
`all`. It is 0 by default.

## Why it matters

The port does not answer from outside, and no rule of the firewall counts the packets: they are lost in routing.

## How to fix it

Publish the port on the address that others use (`"192.0.2.10:8443:8443"`), and do without the rule. `route_localnet`
also lets others reach what listens on 127.0.0.1 alone, if no rule keeps them off.

## Bad: a port of the loopback

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 127.0.0.1:8443  # <- error
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.conf.all.route_localnet = 0
net.ipv4.conf.eth0.route_localnet = 0
```

```yaml title="compose.yaml"
services:
  admin:
    image: example/admin
    ports:
      - "127.0.0.1:8443:8443"
```

## Good: the kernel is told to

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 127.0.0.1:8443
COMMIT
```

```text title="sysctl-a.txt"
net.ipv4.conf.all.route_localnet = 0
net.ipv4.conf.eth0.route_localnet = 1
```

```yaml title="compose.yaml"
services:
  admin:
    image: example/admin
    ports:
      - "127.0.0.1:8443:8443"
```

## Bad: in a script

```sh title="firewall.sh"
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8080  # <- error
docker run -d -p 127.0.0.1:8080:80 example/web
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    FirewallChange,
    FirewallRule,
    Host,
    Label,
    Severity,
    Site,
    Span,
    parse_target,
    rule,
)


@rule(
    "NL421",
    Severity.ERROR,
    proof="source: ip_route_input_slow of net/ipv4/route.c (martian destination); route_localnet in "
    "Documentation/networking/ip-sysctl.rst",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for one, span in _rules(host):
            target = parse_target(one.target_option("to-destination") or "")
            if target is None or target.first is None or not target.first.is_loopback:
                continue
            link = one.in_interface.name if one.in_interface is not None and not one.in_interface.negated else None
            if link == "lo" or (setting := _lets(host, link)) is True:
                continue
            what = "what comes in" if link is None else f"what comes in by {link}"
            unless = "" if isinstance(setting, Span) else " unless something sets it"
            yield Finding(
                message=f"DNAT to {target.first} for {what}: the kernel drops it, as route_localnet is 0{unless}",
                at=span,
                label="a martian from here on",
                help="publish the port on the address that others use, instead of the rule",
                related=(Label(setting, "off"),) if isinstance(setting, Span) else (),
                confidence=None if isinstance(setting, Span) else Confidence.MEDIUM,
                host=host.name,
            )


def _rules(host: Host) -> Iterator[tuple[FirewallRule, Span]]:
    """The rules for IPv4 that the kernel asks about what comes in, of the dump and of scripts."""
    for ruleset in host.rulesets:
        chain = ruleset.chain("nat", "PREROUTING") if ruleset.version == 4 else None
        for one in chain.rules if chain is not None else ():
            if one.target == "DNAT":
                yield one, one.span
    for action in host.actions:
        if not isinstance(action, FirewallChange) or action.operation not in ("A", "I") or action.version != 4:
            continue
        if (action.table, action.chain) == ("nat", "PREROUTING") and action.rule.target == "DNAT":
            yield action.rule, action.span


def _lets(host: Host, link: str | None) -> bool | Span | None:
    """True where packets for loopback may come in, the place of the setting where they may not, None if nothing tells.
    The setting for all and that of the interface are joined by "or"."""
    known = [(key, value) for key, value in host.sysctls or () if key.endswith(".route_localnet")]
    if any(value.value == "1" and (link is None or key.split(".")[3] in (link, "all")) for key, value in known):
        return True
    mine = host.sysctl(f"net.ipv4.conf.{link}.route_localnet") if link is not None else None
    found = mine or host.sysctl("net.ipv4.conf.all.route_localnet")
    return found.span if found is not None and found.value == "0" else None
