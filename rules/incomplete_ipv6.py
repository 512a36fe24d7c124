"""IPv6 is switched on in one place and not in the others that it needs

## What it means

| set | missing | what happens |
|---|---|---|
| a v6 subnet, or `ipv6_address` | `enable_ipv6: true` | the network has IPv4 only |
| `enable_ipv6: true` | a v6 subnet, on engines before 27 | the network is not created |
| `ipv6: true` in daemon.json | `ip6tables`, before 27 or when false | no v6 rule |
| `fixed-cidr-v6` | `ipv6: true` | docker0 has IPv4 only |
| IPv6 on docker0 or a network | IPv6 on the host: `disable_ipv6` is 1 | what leaves has no way out |
| a port on a v6 address of the host | IPv6 on the network, with `userland-proxy: false` | nothing answers there |

Before 27 `ip6tables` also needs `experimental: true`. From 27 on it is the default.

## Why it matters

Mostly IPv6 is just not there. Without `ip6tables`, published ports reach containers over IPv6 by `docker-proxy`: every
client has an address of the host, which makes an open relay of a mail server that trusts it. Containers with global
addresses are open to the world with all their ports, published or not.

## How to fix it

Set what is missing, or take the other one out.

## Bad: a subnet without the switch

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
        - subnet: fd00:28::/64  # <- warning
```

## Bad: no subnet, on an old engine

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    enable_ipv6: true  # <- error
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Bad: open to the world

```json title="daemon.json"
{
  "ipv6": true,
  "fixed-cidr-v6": "2a10:ffff:1:2::/64",
  "ip6tables": false  // <- warning
}
```

## Bad: the kernel has IPv6 nowhere

```json title="daemon.json"
{
  "ipv6": true,
  "fixed-cidr-v6": "fd00:dead:beef::/64",
  "ip6tables": true
}
```

```ini title="sysctl.d/70-disable-ipv6.conf"
net.ipv6.conf.all.disable_ipv6 = 1  # <- warning
```

## Good: all of it

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
networks:
  back:
    enable_ipv6: true
    ipam:
      config:
        - subnet: 172.28.0.0/24
        - subnet: fd00:28::/64
```

```json title="daemon.json"
{
  "ipv6": true,
  "fixed-cidr-v6": "fd00:29::/64",
  "ip6tables": true,
  "experimental": true
}
```
"""

from collections.abc import Iterator

from netlint.api import (
    Add,
    Confidence,
    Daemon,
    Edit,
    Finding,
    Fix,
    Host,
    Label,
    Network,
    Option,
    Origin,
    Project,
    Severity,
    Site,
    Span,
    is_container_link,
    parse_address,
    parse_prefix,
    rule,
)

DISABLED = "net.ipv6.conf.all.disable_ipv6"
DRIVER_OPTION = "com.docker.network.enable_ipv6"


@rule(
    "NL311",
    Severity.WARNING,
    proof="Docker 20.10.24, 26.1.5 and 28.5.2 with Compose 2.40.3: the address of each network, what they refuse, and "
    "the client that a container sees over IPv6",
    compose=["network.ipv6|network.subnets|attachment.ipv6"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.origin in (Origin.COMPOSE, Origin.SCRIPT) and not network.external:
                yield from _network(host, network)
        if host.daemon is not None:
            yield from _daemon(host, host.daemon)
        yield from _switched_off(host)


def _switched_off(host: Host) -> Iterator[Finding]:
    """A kernel told to have IPv6 on no interface: dockerd switches it on again for its bridges, and for no uplink."""
    setting = host.sysctl(DISABLED)
    wanted = [
        option.span
        for option in (host.daemon.get("ipv6") if host.daemon is not None else None,)
        if option is not None and option.value is True
    ]
    wanted += [
        one.ipv6.span
        for one in host.networks
        if one.ipv6 is not None
        and one.ipv6.value
        and one.ipv6.exact
        and not one.external
        and one.ipv6.span not in wanted
    ]
    if setting is None or not setting.exact or setting.value != "1" or not wanted:
        return
    spared = any(name.endswith(".disable_ipv6") and value.value == "0" for name, value in host.sysctls or ())
    reached = any(
        entry.address.version == 6 and entry.scope == "global"
        for link in host.interfaces or ()
        if not is_container_link(host, link.name)
        for entry in link.addresses
    )
    if not spared and not reached:
        yield Finding(
            message=f"{DISABLED} is 1 and containers are to have IPv6: no uplink of the host has it, so that what they "
            "send over IPv6 leaves by none",
            at=setting.span,
            help="set it to 0, or leave IPv6 off in dockerd and its networks",
            related=tuple(Label(span, "IPv6 is on") for span in wanted[:3]),
            host=host.name,
        )


def _network(host: Host, network: Network) -> Iterator[Finding]:
    name = network.key or network.name
    wanted = [subnet for subnet in network.subnets if subnet.prefix.version == 6]
    if network.ipv6 is not None and network.ipv6.value and network.ipv6.exact and not wanted:
        if host.before(27) is True and not network.subnets_open and not _has_v6_pool(host):
            yield Finding(
                message=f"network {name} has enable_ipv6 and no v6 subnet, and Docker {_engine(host)} has no pool to "
                "take one from: the network is not created",
                at=network.ipv6.span,
                help="give it a v6 subnet of fd00::/8, or use Docker 27",
                severity=Severity.ERROR,
                host=host.name,
            )
        return
    if (network.ipv6 is not None and network.ipv6.value) or network.option(DRIVER_OPTION) is not None:
        return  # the driver's option is NL217's
    if network.driver not in ("bridge", "macvlan", "ipvlan", "overlay"):
        return
    places = [(subnet.span, f"subnet {subnet.prefix}") for subnet in wanted if subnet.written.exact]
    places += [(span, f"ipv6_address {text}") for span, text in _addresses(host, network)]
    if places:
        span, what = places[0]
        switch = "--ipv6" if network.origin is Origin.SCRIPT else "enable_ipv6: true"
        off = " says no" if network.ipv6 is not None else " is not set"
        yield Finding(
            message=f"{what} has no effect: network {name} has no IPv6, for {switch.partition(':')[0]}{off}",
            at=span,
            help=f"add {switch} to the network, or take the v6 addresses out",
            related=tuple(Label(other, text) for other, text in places[1:3]),
            fixes=_switched_on(network),
            host=host.name,
        )


def _switched_on(network: Network) -> tuple[Fix, ...]:
    if network.origin is not Origin.COMPOSE:
        return ()
    if network.ipv6 is None:
        return (Fix(title="add enable_ipv6: true", changes=(Add(network.span, ("enable_ipv6",), True),)),)
    return (Fix(title="set enable_ipv6 to true", changes=(Edit(network.ipv6.span, "true", old="false"),)),)


def _addresses(host: Host, network: Network) -> Iterator[tuple[Span, str]]:
    for project in host.projects:
        for service in project.services:
            for attachment in service.attachments:
                if attachment.ipv6 is not None and _is(project, attachment.network, network):
                    yield attachment.ipv6.span, str(attachment.ipv6.value)


def _is(project: Project, key: str, network: Network) -> bool:
    declared = project.network(key)
    return declared is not None and declared.name == network.name


def _has_v6_pool(host: Host) -> bool:
    pools = host.daemon.pools if host.daemon is not None else None
    return any(pool.base is not None and pool.base.version == 6 for pool in pools or ())


def _daemon(host: Host, daemon: Daemon) -> Iterator[Finding]:
    ipv6, cidr, tables = daemon.get("ipv6"), daemon.get("fixed-cidr-v6"), daemon.get("ip6tables")
    if cidr is not None and cidr.value and cidr.exact and (ipv6 is None or ipv6.value is False):
        state = "is false" if ipv6 is not None else "is not set"
        yield Finding(
            message=f"fixed-cidr-v6 {cidr.value} has no effect: ipv6 {state}",
            at=cidr.span,
            help="set ipv6 to true, or remove fixed-cidr-v6",
            related=(Label(ipv6.span, "IPv6 is off"),) if ipv6 is not None else (),
            host=host.name,
        )
    proxy = daemon.get("userland-proxy")
    if proxy is not None and proxy.value is False:
        yield from _unproxied(host, proxy)
    if ipv6 is None or ipv6.value is not True:
        return
    off = tables is not None and tables.value is False
    if not off and not (tables is None and host.before(27) is True):
        return
    prefix = parse_prefix(cidr.value) if cidr is not None and isinstance(cidr.value, str) else None
    is_global = prefix is not None and prefix.network().is_global
    effect = (
        f"every port of a container on docker0 is open in {prefix}, published or not"
        if is_global
        else "published ports are reached over IPv6 by docker-proxy, and every client has an address of this host"
    )
    old = host.before(27)
    yield Finding(
        message=f"ipv6 is true and ip6tables {'is false' if off else 'is not set'}: {effect}",
        at=tables.span if tables is not None else ipv6.span,
        help="set ip6tables to true" + ("" if old is False else ", before Docker 27 together with experimental"),
        related=(Label(ipv6.span, "IPv6 is on"),) if tables is not None else (),
        confidence=None if is_global or off else Confidence.MEDIUM,
        host=host.name,
    )


def _unproxied(host: Host, proxy: Option) -> Iterator[Finding]:
    """Ports on a v6 address that lead to containers with IPv4 only: the proxy alone gets from one to the other."""
    for publication in host.publications():
        address = publication.port.address
        parsed = parse_address(address.value.strip("[]")) if address is not None and address.exact else None
        known = [network for network in publication.networks if not network.external]
        if address is None or parsed is None or parsed.version != 6 or len(known) != len(publication.networks):
            continue
        if known and not any(_may_have_ipv6(network) for network in known):
            yield Finding(
                message=f"port {publication.port.published} of {publication.owner} is published on {parsed} for a "
                "container with IPv4 only: without the userland proxy nothing answers there",
                at=address.span,
                help="enable IPv6 on its network, or leave userland-proxy at its default",
                related=(Label(proxy.span, "the proxy is off"),),
                host=host.name,
            )


def _may_have_ipv6(network: Network) -> bool:
    return network.option(DRIVER_OPTION) is not None or (network.ipv6 is not None and network.ipv6.value)


def _engine(host: Host) -> str:
    return str(host.engine.value) if host.engine is not None else "before 27"
