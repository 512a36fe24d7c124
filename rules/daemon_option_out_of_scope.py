"""A daemon option is set for networks that it does not reach

## What it means

`mtu`, `ip` and `icc` are settings of the default bridge docker0. The networks that Compose or `docker network create`
make do not have them; they take driver options of their own, from 24.0 on also from `default-network-opts`. And
`default-address-pools` are the pools of one host, while overlay networks get theirs from the swarm.

| option | on a network of one's own |
|---|---|
| `mtu` | `com.docker.network.driver.mtu` |
| `ip` | `com.docker.network.bridge.host_binding_ipv4`, or an address in `ports` |
| `icc: false` | `com.docker.network.bridge.enable_icc`, or a network for each group of services |
| `default-address-pools` | `docker swarm init --default-addr-pool` |

## Why it matters

With `ip: 127.0.0.1` people believe that ports are bound to the loopback, and they are open to the world; with
`icc: false`, that containers are kept apart.

## How to fix it

Set the option where the network takes it.

## Bad: published on the loopback, it was thought

```json title="daemon.json"
{
  "ip": "127.0.0.1"  // <- warning
}
```

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["8989:80"]
```

## Bad: kept apart, it was thought

```json title="daemon.json"
{
  "icc": false  // <- warning
}
```

```yaml title="compose.yaml"
services:
  one:
    image: example/app
  other:
    image: example/app
```

## Bad: the swarm does not look there

```json title="daemon.json"
{
  "default-address-pools": [ { "base": "172.28.0.0/16", "size": 24 } ]  // <- warning
}
```

```sh title="setup.sh"
docker swarm init --advertise-addr 192.168.10.11
docker network create -d overlay apps
```

## Good: the default for networks too

```json title="daemon.json"
{
  "ip": "127.0.0.1",
  "default-network-opts": { "bridge": { "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1" } }
}
```

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["8989:80"]
```
"""

from collections.abc import Iterator

from netlint.api import Daemon, Finding, Host, Label, Network, Option, Origin, Severity, Site, Span, members, rule

MTU = "com.docker.network.driver.mtu"
BINDING = "com.docker.network.bridge.host_binding_ipv4"
ICC = "com.docker.network.bridge.enable_icc"
OF_THE_ENGINE = "1500"  # what every bridge has without an option
SHOWN = 3


@rule(
    "NL307",
    Severity.WARNING,
    needs=["daemon"],
    proof="the other options: dockerd's reference",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is not None:
            networks = [one for one in host.networks if _is_own(one)]
            yield from _mtu(host, host.daemon, networks)
            yield from _ip(host, host.daemon)
            yield from _icc(host, site, host.daemon, networks)
            yield from _pools(host, host.daemon)


def _is_own(network: Network) -> bool:
    """Whether files of this host make the bridge network."""
    return network.origin in (Origin.COMPOSE, Origin.SCRIPT) and network.driver == "bridge" and not network.external


def _has_default(daemon: Daemon, name: str) -> bool:
    option = daemon.get("default-network-opts")
    return option is not None and isinstance(option.value, str | tuple) and name in str(option.value)


def _mtu(host: Host, daemon: Daemon, networks: list[Network]) -> Iterator[Finding]:
    option = daemon.get("mtu")
    if option is None or not option.exact or str(option.value) in (OF_THE_ENGINE, "0") or _has_default(daemon, MTU):
        return
    others = [network for network in networks if network.option(MTU) is None]
    if others:
        what = f"mtu {option.value} is for docker0 alone: {_names(others)} {_keep(others)} {OF_THE_ENGINE}"
        cure = f"set {MTU} to {option.value} in the network's driver_opts, or in default-network-opts (24.0)"
        yield _finding(host, option, what, cure, [(network.span, "has no MTU of its own") for network in others])


def _keep(networks: list[Network]) -> str:
    return "keeps" if len(networks) == 1 else "keep"


def _ip(host: Host, daemon: Daemon) -> Iterator[Finding]:
    option = daemon.get("ip")
    if option is None or not option.exact or option.value in ("", "0.0.0.0", "::") or _has_default(daemon, BINDING):
        return
    ports = [
        (publication.owner, publication.port)
        for publication in host.publications()
        if publication.networks and publication.port.address is None and not publication.port.address_open
        and publication.port.published is not None
        and all(_is_own(network) and network.option(BINDING) is None for network in publication.networks)
    ]  # fmt: skip
    if ports:
        owner, port = ports[0]
        what = (
            f"ip {option.value} is for docker0 alone: port {port.published} of {owner} is published on every address "
            "of the host"
        )
        cure = f"write {option.value}:{port.published}:{port.target}, or set {BINDING} in default-network-opts (24.0)"
        yield _finding(host, option, what, cure, [(port.span, f"{owner}: every address") for owner, port in ports])


def _icc(host: Host, site: Site, daemon: Daemon, networks: list[Network]) -> Iterator[Finding]:
    option = daemon.get("icc")
    if option is None or option.value is not False or _has_default(daemon, ICC):
        return
    shared = [one for one in networks if one.option(ICC) is None and len(members(host, site, one)) > 1]
    if shared:
        what = f"icc false is for docker0 alone: containers on {_names(shared)} reach each other"
        cure = f"give services that are to be kept apart networks of their own, or set {ICC} to false on the network"
        yield _finding(host, option, what, cure, [(network.span, "not isolated") for network in shared])


def _pools(host: Host, daemon: Daemon) -> Iterator[Finding]:
    option, swarm = daemon.get("default-address-pools"), host.swarm
    if option is None or swarm is None or not swarm.active or swarm.default_addr_pool or not swarm.pools_known:
        return
    overlays = [one for one in host.networks if one.driver == "overlay" and not one.ingress and not one.external]
    if any(not network.subnets for network in overlays):
        what = "default-address-pools are for this host alone: overlay networks of the swarm come from 10.0.0.0/8"
        cure = "set --default-addr-pool at docker swarm init, which a swarm cannot change later"
        yield _finding(host, option, what, cure, [(swarm.span, "no pool is set here")])


def _names(networks: list[Network]) -> str:
    names = [network.key if network.key not in (None, "default") else network.name for network in networks]
    listed = ", ".join(str(name) for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"network {listed}{more}" if len(names) == 1 else f"networks {listed}{more}"


def _finding(host: Host, option: Option, what: str, cure: str, places: list[tuple[Span, str]]) -> Finding:
    return Finding(
        message=what,
        at=option.span if option.name != "default-address-pools" else option.name_span,
        help=cure,
        related=tuple(Label(span, text) for span, text in places[:SHOWN]),
        host=host.name,
    )
