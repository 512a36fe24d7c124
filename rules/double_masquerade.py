"""Docker and the cluster's network both translate what containers send

## What it means

Containers on docker0 are part of a network that spans hosts, flannel's or a Calico pool. That network has a translation
of its own towards the outside (`--ip-masq` of flanneld, `natOutgoing` of a pool), which leaves out what goes to other
hosts of the cluster. dockerd is not told to leave the job to it: without `ip-masq: false` it adds
`-s SUBNET ! -o docker0 -j MASQUERADE`, which leaves out nothing.

## Why it matters

A container on another host sees the address of this host in place of the container's: rules and logs by address are
wrong, and replies to connections that the network tracks by pod address go astray.

## How to fix it

Set `"ip-masq": false` (`--ip-masq=false`) for dockerd. flannel's `mk-docker-opts.sh` does so where flanneld runs with
`--ip-masq`. From Docker 28 on the answers, which then come to the container's own address, are dropped unless
`"allow-direct-routing": true` (28.2) is set as well.

## Bad: both

```text title="subnet.env"
FLANNEL_NETWORK=10.1.0.0/16
FLANNEL_SUBNET=10.1.19.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
```

```json title="daemon.json"
{
  "bip": "10.1.19.1/24"  // <- warning
}
```

## Good: flannel alone

```text title="subnet.env"
FLANNEL_NETWORK=10.1.0.0/16
FLANNEL_SUBNET=10.1.19.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
```

```json title="daemon.json"
{
  "bip": "10.1.19.1/24",
  "ip-masq": false
}
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Located, Prefix, Severity, Site, Span, parse_interface, rule


@rule(
    "NL615",
    Severity.WARNING,
    proof="engines on VXLAN as flannel makes it; flannel's mk-docker-opts.sh passes --ip-masq=false for this reason",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        bridge, translating = _docker(host)
        if bridge is None or translating is None:
            continue
        for network, at, what in _cluster(host):
            if network.contains(bridge.value) and network != bridge.value:
                yield Finding(
                    message=f"dockerd translates what leaves {bridge.value}, a part of {network}, and so does {what}: "
                    "containers of other hosts see this host's address",
                    at=translating,
                    help='set "ip-masq": false for dockerd, and from Docker 28 on "allow-direct-routing": true',
                    related=(Label(at, f"{what} translates what leaves {network}"),),
                    host=host.name,
                )
                break


def _docker(host: Host) -> tuple[Located[Prefix] | None, Span | None]:
    """The subnet of docker0 as it is configured, and the place that makes dockerd translate, where it does."""
    for flags in host.cluster.docker_flags:
        if flags.bip is not None and flags.bip.exact:
            on = flags.masquerades
            place = flags.bip.span if on is None else on.span if on.value else None
            return Located(Prefix.of(*flags.bip.value), flags.bip.span), place
    bip = host.daemon.text("bip") if host.daemon is not None else None
    parsed = parse_interface(bip.value) if bip is not None and bip.exact else None
    if bip is None or parsed is None or host.daemon is None:
        return None, None
    option = host.daemon.get("ip-masq")
    on_at = bip.span if option is None else option.span if option.value is True else None
    return Located(Prefix.of(*parsed), bip.span), on_at


def _cluster(host: Host) -> Iterator[tuple[Prefix, Span, str]]:
    """The networks of the cluster that are translated, with the place that says so."""
    for lease in host.cluster.leases:
        if lease.network is not None and lease.masquerades is not None and lease.masquerades.value:
            yield lease.network.value, lease.masquerades.span, "flannel"
    for one in host.cluster.flanneld:
        if one.masquerades is not None and one.masquerades.value:
            for config in host.cluster.flannel:
                if config.network is not None:
                    yield config.network.value, one.masquerades.span, "flannel"
    for pool in host.cluster.pools:
        if pool.masquerades is not None and pool.masquerades.value and not pool.disabled:
            yield pool.prefix.value, pool.masquerades.span, "Calico"
