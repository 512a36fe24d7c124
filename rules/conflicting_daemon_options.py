"""Two options of dockerd that exclude each other

## What it means

Some options cannot be had together, or need another one beside them on some engines:

| options | engines |
|---|---|
| `bridge` and `bip` | all |
| `icc: false` and `iptables: false` | all |
| `live-restore` in a swarm | all |
| `ip6tables` without `experimental` | 20.10 to 26 |
| `ipv6` without `fixed-cidr-v6` | before 27 |
| `firewall-backend: nftables` in a swarm | 29 |

## Why it matters

`dockerd` refuses to start, or to join the swarm. `dockerd --validate` finds none of them.

## How to fix it

Remove one of the two, or add what is missing.

## Bad: a bridge of one's own, and an address for docker0

```json title="daemon.json"
{
  "bridge": "br0",
  "bip": "10.9.0.1/24"  // <- error
}
```

## Bad: no isolation without iptables

```json title="daemon.json"
{
  "iptables": false,
  "icc": false  // <- error
}
```

## Bad: an experiment on 20.10

```json title="daemon.json"
{
  "ip6tables": true  // <- error
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Bad: IPv6 without addresses on 26

```json title="daemon.json"
{
  "ipv6": true  // <- error
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          26.1.5
```

## Good: with what they need

```json title="daemon.json"
{
  "experimental": true,
  "ip6tables": true,
  "ipv6": true,
  "fixed-cidr-v6": "fd00:9::/64"
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import Daemon, Finding, Host, Label, Option, Severity, Site, Span, rule


class Conflict(Struct, frozen=True):
    """The option to change, what is the matter, the cure, and the other place."""

    option: Option
    message: str
    help: str
    other: Span | None = None


@rule(
    "NL306",
    Severity.ERROR,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for conflict in _conflicts(host, host.daemon) if host.daemon is not None else ():
            yield Finding(
                message=conflict.message,
                at=conflict.option.name_span,
                help=conflict.help,
                related=(Label(conflict.other, "the other one"),) if conflict.other is not None else (),
                host=host.name,
            )


def _conflicts(host: Host, daemon: Daemon) -> Iterator[Conflict]:
    bridge, bip = daemon.get("bridge"), daemon.get("bip")
    if bridge is not None and bip is not None and bridge.value and bip.value:
        yield Conflict(
            bip,
            f"bip {bip.value} and bridge {bridge.value} exclude each other: dockerd refuses to start",
            "bip is for docker0 alone: remove it, or remove bridge",
            bridge.name_span,
        )
    icc, iptables = daemon.get("icc"), daemon.get("iptables")
    if icc is not None and iptables is not None and icc.value is False and iptables.value is False:
        yield Conflict(
            icc,
            "icc false works by iptables rules, and iptables is false: dockerd refuses to start",
            "set one of the two to true",
            iptables.name_span,
        )
    in_swarm = host.swarm is not None and host.swarm.active
    live_restore = daemon.get("live-restore")
    if in_swarm and host.swarm is not None and live_restore is not None and live_restore.value is True:
        yield Conflict(
            live_restore,
            "live-restore is incompatible with swarm mode, and this host is part of a swarm: dockerd refuses to start",
            "remove live-restore, or leave the swarm",
            host.swarm.span,
        )
    backend = daemon.get("firewall-backend")
    if in_swarm and host.swarm is not None and backend is not None and backend.value == "nftables":
        yield Conflict(
            backend,
            "firewall-backend nftables is incompatible with swarm mode, and this host is part of a swarm",
            "use the iptables backend in a swarm",
            host.swarm.span,
        )
    ip6tables = daemon.get("ip6tables")
    if (
        ip6tables is not None
        and ip6tables.value is True
        and not daemon.flag("experimental", False)
        and (host.before(27, 0) and not host.before(20, 10))
    ):
        yield Conflict(
            ip6tables,
            f"ip6tables is experimental on Docker {_engine(host)}, and experimental is not set: "
            "dockerd refuses to start",
            "set experimental to true, or use Docker 27",
        )
    ipv6 = daemon.get("ipv6")
    if (
        ipv6 is not None
        and ipv6.value is True
        and daemon.get("fixed-cidr-v6") is None
        and host.before(27, 0)
        and (bridge is None)
    ):
        yield Conflict(
            ipv6,
            f"ipv6 is set without fixed-cidr-v6 on Docker {_engine(host)}: dockerd refuses to start",
            "set fixed-cidr-v6 to an IPv6 range for docker0",
        )


def _engine(host: Host) -> str:
    return str(host.engine.value) if host.engine is not None else "unknown"
