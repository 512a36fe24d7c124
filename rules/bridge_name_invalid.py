"""The name given to a network's bridge cannot be had

## What it means

The option `com.docker.network.bridge.name` names the interface on the host. An interface's name has at most 15
characters, no slash and no blank; the engine refuses one that belongs to another of its networks, to docker0, or to an
interface that is no bridge.

## Why it matters

The network is not created: "numerical result out of range", "networks have same bridge name", "existing interface … is
not a bridge". Docker 20.10 accepts `docker0`; `docker network prune` then deletes the default bridge with it.

## How to fix it

Choose a short name that nothing else has.

## Bad: sixteen characters

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    driver_opts:
      com.docker.network.bridge.name: br-my-application  # <- error
```

## Bad: one name, two networks

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [front, back]
networks:
  front:
    driver_opts:
      com.docker.network.bridge.name: br-app
  back:
    driver_opts:
      com.docker.network.bridge.name: br-app  # <- error
```

## Good: short and distinct

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [front, back]
networks:
  front:
    driver_opts:
      com.docker.network.bridge.name: br-app-front
  back:
    driver_opts:
      com.docker.network.bridge.name: br-app-back
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Located, Network, Origin, Severity, Site, Span, pattern, rule

NAME = "com.docker.network.bridge.name"
# Names that the kernel and systemd give to hardware, to bonds and to VPNs: never those of bridges.
PHYSICAL = pattern(r"(?:eth|wlan|wwan|bond|tun|tap|wg|ppp)\d+|en[psoxPV][\w]+|wl[psox]\w+")
LONGEST = 15  # IFNAMSIZ of the kernel less the final zero


@rule(
    "NL220",
    Severity.ERROR,
    proof="Docker 20.10.24, 26.1.5 and 28.5.2 refuse each of them with the quoted text, 20.10.24 all but docker0",
    compose=["network.options"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        first: dict[str, tuple[Network, Located[str]]] = {}
        for network in host.networks:
            name = network.option(NAME)
            if name is None or not name.exact or not name.value or network.driver != "bridge" or network.default_bridge:
                continue
            other = first.setdefault(name.value, (network, name))
            if network.origin not in (Origin.COMPOSE, Origin.SCRIPT):
                continue
            fault, place = _fault(host, name.value), None
            if fault is None and other[0] is not network:
                fault = f"is also that of network {other[0].key or other[0].name}"
                place = other[1].span
            if fault is not None:
                yield _finding(host, network, name, fault, place)


def _fault(host: Host, name: str) -> str | None:
    if len(name) > LONGEST:
        return f"has {len(name)} characters, and an interface's name at most {LONGEST}"
    if name in (".", "..") or any(sign == "/" or sign.isspace() for sign in name):
        return "is no name of an interface"
    if name == "docker0":
        return "is that of the default bridge"
    interface = host.interface(name)
    uplink = any(route.prefix.is_default and route.device == name for route in host.routes or ())
    physical = interface is not None and interface.kind is None and PHYSICAL.fullmatch(name) is not None
    if uplink or physical or (interface is not None and interface.kind not in (None, "bridge")):
        return "is that of an interface which is no bridge"
    return None


def _finding(host: Host, network: Network, name: Located[str], fault: str, place: Span | None) -> Finding:
    return Finding(
        message=f"bridge name {name.value} of network {network.key or network.name} {fault}",
        at=name.span,
        label="the engine does not create this network",
        help="choose a name of at most 15 characters that no network and no interface has",
        related=(Label(place, "the other network has it from here"),) if place is not None else (),
        host=host.name,
    )
