"""A Docker bridge is bound to a firewalld zone of the administrator

## What it means

Engines from 20.10 on put each bridge they make into firewalld's zone `docker`. An interface can be in one zone only:
where docker0 or another bridge of the engine is bound to `trusted`, `public` or `internal`, as old advice has it, the
engine gets `ZONE_CONFLICT` and does not start, or does not restore that network. Before 20.10 the zone `trusted` was
the way to let containers work under firewalld; it also lets every container reach every port of the host.

## Why it matters

After an upgrade dockerd fails with `Failed to program NAT chain: ZONE_CONFLICT: 'docker0' already bound to a zone`.

## How to fix it

`firewall-cmd --permanent --zone=trusted --remove-interface=docker0`, `firewall-cmd --reload`, restart the engine. To
filter what reaches containers, use the chain `DOCKER-USER` or a firewalld policy from and to the zone `docker`.

## Bad: the old workaround under a new engine

```xml title="firewalld/zones/trusted.xml"
<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Trusted</short>
  <interface name="docker0"/>  <!-- <- error -->
</zone>
```

```text title="docker-version.txt"
Server: Docker Engine - Community
 Engine:
  Version:          20.10.0
```

## Bad: an engine of unknown version

```sh title="setup.sh"
firewall-cmd --permanent --zone=trusted --add-interface=docker0  # <- warning
firewall-cmd --reload
systemctl restart docker
```

## Good: the engine's own zone

```text title="firewall-cmd.txt"
docker (active)
  target: ACCEPT
  icmp-block-inversion: no
  interfaces: br-0123456789ab docker0
  sources:
  services:
  ports:
public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0
  sources:
  services: dhcpv6-client ssh
  ports:
```

```text title="docker-version.txt"
Server: Docker Engine - Community
 Engine:
  Version:          20.10.0
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Located, Severity, Site, Zone, parse_prefix, pattern, rule

BRIDGE = pattern(r"docker0|docker_gwbridge|br-[0-9a-f]{12}")
OWN_ZONES = ("docker", "docker-forwarding")
CARES = (20, 10)  # the first engines that bind their bridges to a zone of their own


@rule(
    "NL803",
    Severity.WARNING,
    proof="firewalld 1.3 beside engines 20.10 and 28.5; before 20.10: moby issue 41609",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.firewalld is None:
            continue
        bridges = {network.bridge for network in host.networks if network.driver == "bridge"}
        for zone in host.firewalld.zones:
            if zone.name in OWN_ZONES:
                continue
            for interface in zone.interfaces:
                if interface.value in bridges or BRIDGE.fullmatch(interface.value):
                    finding = _bound(host, zone, interface)
                    if finding is not None:
                        yield finding
            yield from _sources(host, zone)


def _bound(host: Host, zone: Zone, interface: Located[str]) -> Finding | None:
    writes = host.daemon is None or host.daemon.flag("iptables", True)
    old = host.before(*CARES)
    related: tuple[Label, ...] = ()
    if host.engine is not None and host.engine.exact:
        related = (Label(host.engine.span, f"Docker {host.engine.value} runs on this host"),)
    if old is False and writes:
        return Finding(
            message=f"{interface.value} is bound to firewalld zone {zone.name}: this engine binds it to zone docker, "
            "gets ZONE_CONFLICT and gives up",
            at=interface.span,
            label="an interface can be in one zone only",
            help=f"firewall-cmd --permanent --zone={zone.name} --remove-interface={interface.value}, then "
            "--reload, and restart docker",
            severity=Severity.ERROR,
            related=related,
            host=host.name,
        )
    if old is None and writes:
        return Finding(
            message=f"{interface.value} is bound to firewalld zone {zone.name}: engines from 20.10 on bind it to zone "
            "docker and do not start where they cannot",
            at=interface.span,
            label="an interface can be in one zone only",
            help="leave the bridge to the engine; before 20.10 the zone trusted was a workaround",
            host=host.name,
        )
    if not zone.accepts_all:
        return None
    return Finding(
        message=f"{interface.value} is in firewalld zone {zone.name}: every container reaches every port of the host",
        at=interface.span,
        label="nothing is filtered here",
        help="allow what containers need in a zone of their own",
        severity=Severity.NOTE,
        related=related,
        host=host.name,
    )


def _sources(host: Host, zone: Zone) -> Iterator[Finding]:
    """Container subnets among the sources of a zone that lets everything in."""
    if not zone.accepts_all:
        return
    subnets = [(network, subnet) for network in host.networks for subnet in network.subnets]
    for source in zone.sources:
        prefix = parse_prefix(source.value)
        inside = [one for one in subnets if prefix is not None and prefix.contains(one[1].prefix)]
        if inside:
            network, subnet = inside[0]
            yield Finding(
                message=f"firewalld zone {zone.name} trusts {source.value}: containers of network {network.name} reach "
                "every port of the host",
                at=source.span,
                label=f"holds {subnet.prefix}",
                help="allow the ports that containers need, in a zone of their own",
                severity=Severity.NOTE,
                confidence=Confidence.MEDIUM,
                related=(Label(subnet.span, f"network {network.name}"),),
                host=host.name,
            )
