"""dockerd is told to write no firewall rules, or not to translate addresses

## What it means

With `iptables: false` the engine adds no rule at all: nothing translates the containers' addresses on the way out,
nothing leads published ports to them but the proxy process, nothing keeps networks apart. With `ip-masq: false` only
the translation is missing. Both are often copied as a way to make ufw or firewalld heed published ports.

## Why it matters

Containers do not reach the internet unless something else translates or routes their addresses. Published ports go
through `docker-proxy`, so that every client has the bridge's address in the logs. `icc`, internal networks and the
isolation of networks from each other have no effect.

## How to fix it

Remove the option, and put rules of your own into the chain DOCKER-USER. If rules of your own do all of that, nothing is
wrong: where they stand in the dump this rule is silent, otherwise say so in a suppression.

## Bad: so that ufw works

```json title="daemon.json"
{
  "iptables": false  // <- warning
}
```

## Good: the translation is there, by hand

```json title="daemon.json"
{
  "bip": "172.17.0.1/16",
  "ip-masq": false
}
```

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -d 172.16.0.0/12 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Option, Ruleset, Severity, Site, rule

TRANSLATING = ("MASQUERADE", "SNAT")
OVERLAYS = ("flannel", "cni", "cbr", "cali", "weave", "kube")  # who has these translates by itself


@rule(
    "NL309",
    Severity.WARNING,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None or host.uses_nftables:
            continue
        iptables, masquerade = host.daemon.get("iptables"), host.daemon.get("ip-masq")
        if iptables is not None and iptables.value is False:
            if not _translates(host):
                yield _finding(
                    host,
                    iptables,
                    "iptables is false: dockerd adds no rule, so that nothing translates the addresses of containers, "
                    "published ports work by docker-proxy alone, and networks are not kept apart",
                    "remove it, and put rules of your own into DOCKER-USER",
                )
        elif masquerade is not None and masquerade.value is False and not _translates(host) and not _has_overlay(host):
            yield _finding(
                host,
                masquerade,
                "ip-masq is false: containers reach only networks that have a route back to them",
                "remove it, unless the network beyond this host routes the containers' addresses here",
            )


def _translates(host: Host) -> bool:
    """Whether the dump has a translation that somebody else put there."""
    ruleset = host.ruleset(4)
    return ruleset is not None and _has_translation(ruleset)


def _has_translation(ruleset: Ruleset) -> bool:
    table = ruleset.table("nat")
    return table is not None and any(rule.target in TRANSLATING for _, rule in table.rules())


def _has_overlay(host: Host) -> bool:
    names = [link.name for link in host.interfaces or ()] + [route.device or "" for route in host.routes or ()]
    return bool(host.weave) or any(name.startswith(OVERLAYS) for name in names)


def _finding(host: Host, option: Option, message: str, cure: str) -> Finding:
    return Finding(message=message, at=option.span, help=cure, host=host.name)
