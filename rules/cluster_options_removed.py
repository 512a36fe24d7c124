"""Options of the key-value overlay on an engine that no longer has them

## What it means

`cluster-store`, `cluster-advertise` and `cluster-store-opts` set up overlay networks through an external key-value
store. Engines from 1.9 on have them, 20.10 warns of them (moby/moby#40510), and 23.0 was the first without
(moby/moby#42247).

| engine | in daemon.json | on the command line |
|---|---|---|
| 1.9 to 19.03 | taken | taken |
| 20.10 | taken, a warning in the log | the same |
| 22.06 betas, 23.0 | ends at start: "… options have been removed" | the same |
| from 24.0 on | ends at start: "the following directives don't match any configuration option" | "unknown flag" |

## Why it matters

An engine from 23.0 on does not start with them. On 20.10 everything works until the next upgrade.

## How to fix it

Move the overlay networks to swarm mode (`docker swarm init`, attachable overlay networks) and remove the options.

## Bad: the engine has no such option

```json title="daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",  // <- error
  "cluster-advertise": "eth0:2376"  // <- error
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          24.0.7
```

## Bad: the next upgrade will stop the engine

```json title="daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",  // <- warning
  "cluster-advertise": "eth0:2376"  // <- warning
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Good: an engine that has them

```json title="daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",
  "cluster-advertise": "eth0:2376"
}
```

```text title="docker-version.txt"
Server:
 Version:      1.12.6
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Fix, Host, Option, Remove, Setting, Severity, Site, rule

OPTIONS = ("cluster-store", "cluster-advertise", "cluster-store-opts")


@rule(
    "NL604",
    Severity.ERROR,
    needs=["daemon", "engine"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None or host.engine is None or host.before(20, 10):
            continue
        removed = host.knows_store is False
        for option in host.daemon.options:
            if option.name not in OPTIONS:
                continue
            yield Finding(
                message=f"{option.name} on Docker {host.engine.value} {_fate(host, option)}",
                at=option.name_span,
                help="move the overlay networks to swarm mode and remove the option",
                severity=None if removed else Severity.WARNING,
                fixes=(Fix(title=f"remove {option.name}", changes=(Remove(option.name_span),)),)
                if removed and option.setting is Setting.FILE
                else (),
                host=host.name,
            )


def _fate(host: Host, option: Option) -> str:
    """What the engine makes of the option, in the words of its log."""
    if host.knows_store:
        return "is deprecated and removed in 23.0"
    if host.before(24, 0):
        said = "options have been removed"
    elif option.setting is Setting.FLAG:
        said = f"unknown flag: --{option.name.removesuffix('s')}"
    else:
        said = "the following directives don't match any configuration option"
    return f'was removed in 23.0: dockerd refuses to start, with "{said}"'
