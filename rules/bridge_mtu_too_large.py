"""Containers send packets that are larger than the host's way out carries

## What it means

A bridge network gives its containers an MTU of 1500 unless `com.docker.network.driver.mtu` says otherwise, for docker0
the daemon's `mtu`. The engine does not look at the host's own interface, which carries less in many clouds (1450 in
networks over VXLAN, 1460 at Google) and over a VPN (1420 over WireGuard).

## Why it matters

A container announces that it takes segments of 1460 bytes, and peers send them. Where a hop before the host cannot
pass them and its "fragmentation needed" is filtered, the connection opens and then hangs at the first large answer:
typically in TLS handshakes and downloads, and only from containers. Where the message comes through, each new peer
costs a lost packet.

## How to fix it

Set `com.docker.network.driver.mtu` of the networks, and `mtu` in daemon.json for docker0, to what the interface
carries. From 24.0 on `default-network-opts` sets it for new networks. A rule that clamps the segment size of forwarded
connections (`-j TCPMSS --clamp-mss-to-pmtu`) helps TCP as well; with one, this rule is silent.

## Bad: the default on a host with 1450

```json title="daemon.json"
{ "log-driver": "journald" }
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP  # <- warning
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
```

## Bad: a Compose network on the same host

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    networks: [front]
networks:
  front:  # <- warning
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```

## Good: both are told

```json title="daemon.json"
{ "mtu": 1450 }
```

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    networks: [front]
networks:
  front:
    driver_opts:
      com.docker.network.driver.mtu: "1450"
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
3: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Network, Origin, Severity, Site, Span, rule, uplinks

DEFAULT = 1500  # what the bridge driver gives its containers
WITH_OPTIONS = (Origin.COMPOSE, Origin.SCRIPT, Origin.INSPECT)  # sources that would tell of the option
OPTION = "com.docker.network.driver.mtu"
SHOWN = 4  # networks that a finding names besides the first


@rule(
    "NL312",
    Severity.WARNING,
    needs=["addresses"],
    proof="the option is all that the driver looks at: its source",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        names = uplinks(host)
        uplink = host.link(names[0]) if len(names) == 1 else None
        if uplink is None or uplink.mtu is None:
            continue
        large = [
            (network, *stated)
            for network in host.networks
            if (stated := _mtu(host, network)) and stated[0] > uplink.mtu
        ]
        if not large or _clamps(host):
            continue
        network, mtu, place = large[0]
        others = [Label(at, f"{_name(one)} has {size}") for one, size, at in large[1 : SHOWN + 1]]
        more = f", so have those of {len(large) - 1} more" if len(large) > 1 else ""
        yield Finding(
            message=f"containers of {_name(network)} have an MTU of {mtu}{more}; {uplink.name}, their way out, "
            f"carries {uplink.mtu}",
            at=place,
            label=f"MTU {mtu}",
            help=f'set "mtu": {uplink.mtu} in daemon.json'
            if network.default_bridge
            else f"set the network's option {OPTION} to {uplink.mtu}",
            related=(Label(uplink.span, f"{uplink.name} has MTU {uplink.mtu}"), *others),
            host=host.name,
        )


def _name(network: Network) -> str:
    return network.key or network.name


def _clamps(host: Host) -> bool:
    """Whether a rule of the firewall lowers the segment size of TCP connections."""
    tables = (table for ruleset in host.rulesets for table in ruleset.tables.values())
    return any(rule.target == "TCPMSS" for table in tables for _, rule in table.rules())


def _mtu(host: Host, network: Network) -> tuple[int, Span] | None:
    """The MTU of the containers of a bridge network, and the place that tells it; None where it is not known."""
    if network.driver != "bridge" or network.internal or network.external:
        return None
    option = network.option(OPTION)
    if option is not None:
        return _number(option.value, option.span) if option.exact else None
    link = host.link(network.bridge) if network.bridge is not None else None
    if network.default_bridge:
        said = host.daemon.get("mtu") if host.daemon is not None else None
        if said is not None:
            return _number(str(said.value), said.span) if said.exact else None
        # the listing, as the daemon may have been told by flags that nobody gave us
        return (link.mtu, link.span) if link is not None and link.mtu is not None and not _flannel(host) else None
    if host.daemon is not None and host.daemon.get("default-network-opts") is not None:
        return None
    if network.is_stated_by(*WITH_OPTIONS):
        return DEFAULT, network.span
    if host.networks_listed and not network.is_stated_by(Origin.LIST):
        return None  # a bridge that is left of a network
    return (link.mtu, link.span) if link is not None and link.mtu is not None else None


def _flannel(host: Host) -> bool:
    """Whether pods have a network of their own, so that nothing may run on docker0."""
    return any(link.name.startswith(("cni", "flannel", "cali", "weave", "cilium")) for link in host.links)


def _number(text: str, span: Span) -> tuple[int, Span] | None:
    return (int(text), span) if text.isascii() and text.isdigit() and int(text) > 0 else None
