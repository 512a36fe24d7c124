"""firewalld refuses every port that the engine publishes

## What it means

With `StrictForwardPorts=yes` firewalld (2.3 and later) passes on only what its own `forward-port` has translated. What
the engine's rules have translated, that is every published port, it rejects.

## Why it matters

Published ports answer on the host itself, at most, and to nobody else.

## How to fix it

Leave `StrictForwardPorts` at `no`; or keep it, and open each port by `firewall-cmd --add-forward-port` to the
container's address, which then must not change. Ports that are open in a zone do not help.

## Bad: strict, and ports of the engine

```ini title="firewalld/firewalld.conf"
DefaultZone=public
StrictForwardPorts=yes  # <- error
```

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    ports:
      - "8080:80"
```

## Good: firewalld passes on what others have translated

```ini title="firewalld/firewalld.conf"
DefaultZone=public
StrictForwardPorts=no
```

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    ports:
      - "8080:80"
```

## Good: published for the host alone

```ini title="firewalld/firewalld.conf"
DefaultZone=public
StrictForwardPorts=yes
```

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    ports:
      - "127.0.0.1:8080:80"
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, parse_address, rule


@rule(
    "NL422",
    Severity.ERROR,
    proof="firewalld.conf(5) and https://firewalld.org/2024/11/strict-forward-ports; firewalld/firewalld#1536",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        setting = host.firewalld.setting("StrictForwardPorts") if host.firewalld is not None else None
        if setting is None or setting.value.lower() not in ("yes", "true"):
            continue
        for publication in host.exposures():
            port = publication.port
            number = port.published or port.target
            address = parse_address(port.address.value) if port.address is not None else None
            if address is not None and address.is_loopback:
                continue
            yield Finding(
                message=f"StrictForwardPorts is {setting.value}: firewalld rejects port {number} of "
                f"{publication.owner} and every other that the engine publishes",
                at=setting.span,
                help="set StrictForwardPorts=no, or add a forward-port for each",
                related=(Label(port.span, "published by the engine"),),
                host=host.name,
            )
            break
