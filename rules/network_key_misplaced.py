"""A key of a network in a place where nobody reads it

## What it means

Addresses of a network stand in the entries of the list `ipam.config`, and each entry is one subnet with what belongs to
it. Met in the wild:

| written | what happens |
|---|---|
| `subnet`, `gateway` directly under the network or under `ipam` | Compose refuses the file |
| `ipv4_address` directly under a service | the same |
| `- subnet: …` and `- gateway: …` as two entries | the engine refuses the second: "invalid CIDR" |
| the driver option `com.docker.network.enable_ipv6` for the key `enable_ipv6` | engines before 27 ignore it: no IPv6 |
| `enable_ipv6`, or `gateway` in an entry, in a file of version 3 | docker-compose before 1.27 refuses the file |

## Why it matters

The project does not start, or starts without what the key was to bring.

## How to fix it

Put the key where it belongs, or choose the file format (2.4, or none at all with `docker compose`) that has it.

## Bad: two entries for one subnet

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
        - gateway: 172.28.0.1  # <- error
```

## Bad: not in the list

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    ipv4_address: 172.28.0.9  # <- error
    networks: [back]
networks:
  back:
    subnet: 172.28.0.0/24  # <- error
```

## Bad: IPv6 as an option of the driver

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    driver_opts:
      com.docker.network.enable_ipv6: "true"  # <- error
    ipam:
      config:
        - subnet: fd00:28::/64
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Bad: a key of the other file format

```yaml title="docker-compose.yml"
version: "3.3"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    enable_ipv6: true  # <- error
```

```text title="docker-version.txt"
docker-compose version 1.24.1, build 4667896b
```

## Good: where they belong

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      back:
        ipv4_address: 172.28.0.9
networks:
  back:
    enable_ipv6: true
    ipam:
      config:
        - subnet: 172.28.0.0/24
          gateway: 172.28.0.1
        - subnet: fd00:28::/64
```
"""

from collections.abc import Iterator

from netlint.api import (
    Add,
    Confidence,
    Finding,
    Fix,
    Host,
    Join,
    Label,
    Located,
    MisplacedKey,
    Misplacement,
    Nest,
    Network,
    Origin,
    Project,
    Severity,
    Site,
    Span,
    rule,
)

ENABLE_IPV6 = "com.docker.network.enable_ipv6"


@rule(
    "NL217",
    Severity.ERROR,
    proof="the last line of the table: the schemas of docker-compose 1.24",
    compose=["project.misplaced|network.options|host.compose"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for key in project.misplaced:
                alike = [one for one in project.misplaced if (one.owner, one.where) == (key.owner, key.where)]
                yield _misplaced(host, key, [one.span for one in alike])
            if project.version is not None and host.compose_before(1, 27) is True:
                yield from _other_format(host, project, project.version)
        for network in host.networks:
            yield from _driver_option(host, network)


def _misplaced(host: Host, key: MisplacedKey, beside: list[Span]) -> Finding:
    """`beside`: the places of all keys that stand where this one does."""
    fix = None
    if key.where is Misplacement.ENTRY:
        what = (
            f"an entry of the ipam config of {key.owner} has {key.name} and no subnet: the engine refuses the network"
        )
        cure = (
            "write it without the dash, below the subnet it belongs to" if key.beside else "add the subnet to the entry"
        )
        label = "the dash begins an entry of its own"
        if key.beside is not None:
            fix = Fix(title="join it to the entry with the subnet", changes=(Join(key.span),), safe=True)
    else:
        what = f"{key.name} stands {key.where.value} {key.owner.partition(' ')[2]}: Compose refuses the file"
        label = ""
        if key.where is Misplacement.SERVICE:
            cure = f"write it under networks, in the network it is for: networks: {{NAME: {{{key.name}: …}}}}"
        else:
            cure = f"write it as an entry of a list: ipam: {{config: [{{{key.name}: …}}]}}"
            path = ("config",) if key.where is Misplacement.IPAM else ("ipam", "config")
            fix = Fix(title=f"move it to {'.'.join(path)}", changes=(Nest(tuple(beside), path),), safe=True)
    return Finding(
        message=what,
        at=key.span,
        label=label,
        help=cure,
        related=(Label(key.beside, "the subnet that it may belong to"),) if key.beside is not None else (),
        fixes=(fix,) if fix is not None else (),
        host=host.name,
    )


def _other_format(host: Host, project: Project, version: Located[str]) -> Iterator[Finding]:
    """What file format 3 did not have while it was apart from format 2."""
    if not version.value.startswith("3") or host.compose is None:
        return
    for network in project.networks:
        found = [("enable_ipv6", network.ipv6.span)] if network.ipv6 is not None else []
        for subnet in network.subnets:
            found += [(name, value.span) for name, value in
                      (("gateway", subnet.gateway), ("ip_range", subnet.ip_range)) if value is not None]  # fmt: skip
        for name, span in found:
            yield Finding(
                message=f"{name} of network {network.key} is no key of file format {version.value} for docker-compose "
                f"{host.compose.value}, which refuses the file",
                at=span,
                help='write version: "2.4", or use docker compose v2',
                related=(
                    Label(version.span, "the file format"),
                    Label(host.compose.span, "1.27 was the first to read both formats as one"),
                ),
                host=host.name,
            )


def _driver_option(host: Host, network: Network) -> Iterator[Finding]:
    option = network.option(ENABLE_IPV6)
    wanted = option is not None and option.value.lower() in ("true", "1")
    if option is None or not wanted or network.ipv6 is not None or host.before(27) is False:
        return
    if network.origin not in (Origin.COMPOSE, Origin.SCRIPT) or network.external:
        return
    key = "--ipv6" if network.origin is Origin.SCRIPT else "enable_ipv6: true"
    old = f"Docker {host.engine.value}" if host.engine is not None else "engines before 27"
    verb = "ignores" if host.engine is not None else "ignore"
    yield Finding(
        message=f"network {network.key or network.name} asks for IPv6 by the driver option {ENABLE_IPV6}, which {old} "
        f"{verb}: it has no IPv6",
        at=option.span,
        help=f"write {key} instead",
        fixes=(Fix(title="add enable_ipv6: true", changes=(Add(network.span, ("enable_ipv6",), True),)),)
        if network.origin is Origin.COMPOSE
        else (),
        severity=None if host.before(27) is True else Severity.WARNING,
        confidence=None if host.before(27) is True else Confidence.MEDIUM,
        host=host.name,
    )
