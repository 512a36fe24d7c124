"""What flannel leased to this host is not what Docker uses

## What it means

flanneld writes the subnet it got to `/run/flannel/subnet.env`. Where Docker's containers are on flannel's network,
`mk-docker-opts.sh` makes options for dockerd of it (`/run/flannel/docker`), and dockerd must be restarted with them.
The files, the daemon's options and docker0 should all tell of the same subnet and MTU. The rule also finds leases that
lie outside flannel's network, that two hosts hold, and network configurations that flanneld refuses.

A host whose containers do not use flannel's network by way of docker0 (Kubernetes with CNI) has nothing to agree on.

## Why it matters

The other hosts send packets for the leased subnet here, and nobody has those addresses; containers have others that
nobody sends here. flanneld logs "L3 miss but route for … not found". With a larger MTU, large packets are lost.

## How to fix it

Restart flanneld, then dockerd, so that both use the lease of now. Remove an old `/var/run/flannel/subnet.env` where two
hosts hold one lease, or where the network has changed.

## Bad: options of an older lease

```text title="subnet.env"
FLANNEL_NETWORK=10.1.0.0/16
FLANNEL_SUBNET=10.1.19.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
```

```text title="run/flannel/docker"
DOCKER_OPT_BIP="--bip=10.1.27.1/24"  # <- error
DOCKER_OPT_IPMASQ="--ip-masq=false"
DOCKER_OPT_MTU="--mtu=1450"
```

## Bad: a lease outside the network

```text title="subnet.env"
FLANNEL_NETWORK=10.244.0.0/16
FLANNEL_SUBNET=100.244.0.1/24  # <- error
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
```

## Good: one lease throughout

```text title="subnet.env"
FLANNEL_NETWORK=10.1.0.0/16
FLANNEL_SUBNET=10.1.19.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
```

```text title="run/flannel/docker"
DOCKER_OPT_BIP="--bip=10.1.19.1/24"
DOCKER_OPT_IPMASQ="--ip-masq=false"
DOCKER_OPT_MTU="--mtu=1450"
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    ClaimKind,
    Finding,
    Flannel,
    FlannelLease,
    Host,
    Label,
    Located,
    Prefix,
    Severity,
    Site,
    claims,
    parse_interface,
    rule,
)

Subnet = Located[tuple[Address, int]]
GIVERS = ("kubeadm", "kube-controller-manager")  # they give each node its part of the pod range


@rule(
    "NL614",
    Severity.ERROR,
    proof="engines on VXLAN as flannel makes it; what flanneld refuses: pkg/subnet/config.go; flannel issues 1428, and "
    "those with the log quoted",
    beyond_compose=True,
)
def check(site: Site) -> Iterator[Finding]:
    held: dict[tuple[Prefix, Prefix], tuple[Host, Subnet]] = {}
    for host in site.hosts:
        for config in host.cluster.flannel:
            yield from _refused(host, config)
        yield from _pods_bridge(host)
        yield from _pods_outside(host, site)
        lease = next((one for one in reversed(host.cluster.leases) if one.subnet is not None), None)
        if lease is None or lease.subnet is None:
            continue
        yield from _outside(host, lease, lease.subnet)
        yield from _docker(host, lease, lease.subnet)
        if lease.network is not None and not host.implied:
            first = held.setdefault((lease.network.value, _prefix(lease.subnet)), (host, lease.subnet))
            if first[0] is not host:
                yield Finding(
                    message=f"{host.name} and {first[0].name} hold the same lease {_prefix(lease.subnet)} of flannel: "
                    "packets for its containers reach one of the two",
                    at=lease.subnet.span,
                    help="remove subnet.env on one of them and restart flanneld and docker there",
                    related=(Label(first[1].span, f"the lease of {first[0].name}"),),
                    host=host.name,
                )


def _prefix(subnet: Subnet) -> Prefix:
    return Prefix.of(*subnet.value)


def _text(subnet: Subnet) -> str:
    return f"{subnet.value[0]}/{subnet.value[1]}"


def _outside(host: Host, lease: FlannelLease, subnet: Subnet) -> Iterator[Finding]:
    if lease.network is not None and not lease.network.value.contains(_prefix(subnet)):
        yield Finding(
            message=f"the lease {_text(subnet)} lies outside flannel's network {lease.network.value}: its traffic is "
            "translated and not taken for that of pods",
            at=subnet.span,
            help="give flannel's Network and the cluster's pod range the same value, and restart flanneld",
            related=(Label(lease.network.span, "flannel's network"),),
            host=host.name,
        )
    for config in host.cluster.flannel:
        stated = config.network
        if stated is None or lease.network is None or stated.value == lease.network.value:
            continue
        yield Finding(
            message=f"subnet.env is of flannel's network {lease.network.value}, and the configuration says "
            f"{stated.value}",
            at=lease.network.span,
            help="remove subnet.env and restart flanneld, then docker",
            related=(Label(stated.span, "the network as it is configured"),),
            host=host.name,
        )


def _refused(host: Host, config: Flannel) -> Iterator[Finding]:
    """What flanneld does not start with."""
    network, length = config.network, config.hosts_length
    if network is None or network.value.version != 4 or not network.exact:
        return
    if config.subnet_length is not None and not network.value.length < length <= 30:
        yield Finding(
            message=f"SubnetLen {length} does not divide flannel's network {network.value}: flanneld stops",
            at=config.subnet_length.span,
            help=f"choose a length from {network.value.length + 1} to 30",
            related=(Label(network.span, "the network"),),
            host=host.name,
        )
        return
    for name, bound in (("SubnetMin", config.first), ("SubnetMax", config.last)):
        if bound is None:
            continue
        fault = None
        if not network.value.holds(bound.value):
            fault = f"lies outside flannel's network {network.value}"
        elif Prefix.of(bound.value, length).network_address != bound.value:
            fault = f"is not the first address of a /{length}"
        if fault is not None:
            yield Finding(
                message=f"{name} {bound.value} {fault}: flanneld refuses it, or, before 0.8, leases a subnet "
                "that Docker reads as another",
                at=bound.span,
                help=f"write the first address of a /{length} inside {network.value}",
                related=(Label(network.span, "the network"),),
                host=host.name,
            )


def _docker(host: Host, lease: FlannelLease, subnet: Subnet) -> Iterator[Finding]:
    """Docker's side, where its containers are on flannel's network."""
    stated: list[tuple[Subnet | None, str]] = [
        (flags.bip, "the bip that dockerd gets") for flags in host.cluster.docker_flags
    ]
    bip = host.daemon.text("bip") if host.daemon is not None else None
    parsed = parse_interface(bip.value) if bip is not None and bip.exact else None
    if bip is not None and parsed is not None and _is_leased(parsed, lease, host):
        stated.append((Located(parsed, bip.span), "dockerd's bip"))
    docker0 = host.interface("docker0")
    running: list[tuple[Subnet | None, str]] = [
        (Located((entry.address, entry.prefix.length), entry.span), "docker0's address")
        for entry in (docker0.addresses if docker0 is not None else ())
        if entry.address.version == 4 and _is_leased((entry.address, entry.prefix.length), lease, host)
    ]
    wrong = [
        (one, what)
        for one, what in (*stated, *running)
        if one is not None and one.exact and one.value != subnet.value and one.span != subnet.span
    ]
    if wrong:
        (first, what), others = wrong[0], wrong[1:]
        yield Finding(
            message=f"{what} is {_text(first)}, and flannel leased {_text(subnet)} to this host: packets from other "
            "hosts do not find its containers",
            at=first.span,
            help="restart flanneld and then docker, so that both use the same lease",
            related=(
                Label(subnet.span, "the lease"),
                *(Label(one.span, f"{other}: {_text(one)}") for one, other in others),
            ),
            host=host.name,
        )
    yield from _mtu(host, lease)


def _pods_outside(host: Host, site: Site) -> Iterator[Finding]:
    """A cluster whose nodes get parts of a range that is not flannel's: flanneld takes what the node was given."""
    networks = [one.network for one in host.cluster.flannel if one.network is not None]
    plan = claims(host, site).of(ClaimKind.PODS) if networks else ()
    given = [one for one in plan if one.cluster is not None and one.cluster.owner in GIVERS and one.prefix.version == 4]
    if not networks or not given or any(network.value.contains(given[0].prefix) for network in networks):
        return
    claim, network = given[0], networks[0]
    yield Finding(
        message=f"{claim.what} is {claim.prefix}, and flannel's network {network.value}: leases lie outside it, and "
        "traffic between nodes is not taken for that of pods",
        at=claim.span or host.span,
        help="give flannel's Network and the cluster's pod range the same value",
        related=(Label(network.span, f"flannel's network is {network.value}"),),
        host=host.name,
    )


def _pods_bridge(host: Host) -> Iterator[Finding]:
    """cni0 with the address of an older lease: flannel's own interface has the first address of the one of now."""
    cni0 = host.interface("cni0")
    tunnel = next((link for link in host.interfaces or () if link.name.startswith("flannel.")), None)
    if cni0 is None or tunnel is None:
        return
    leased = next((entry for entry in tunnel.addresses if entry.prefix.is_host and entry.address.version == 4), None)
    bridge = next((entry for entry in cni0.addresses if entry.address.version == 4), None)
    if leased is not None and bridge is not None and not bridge.prefix.holds(leased.address):
        yield Finding(
            message=f"cni0 has {bridge.address}/{bridge.prefix.length}, and flannel's lease of this host begins at "
            f"{leased.address}: new pods do not start",
            at=bridge.span,
            help="remove cni0 (ip link delete cni0) and what is left in /var/lib/cni/networks; it is made anew",
            related=(Label(leased.span, "the lease of now"),),
            host=host.name,
        )


def _is_leased(bridge: tuple[Address, int], lease: FlannelLease, host: Host) -> bool:
    """Whether the bridge is meant to be on flannel's network: flannel made options for it, or it lies in there."""
    if any(flags.bip is not None for flags in host.cluster.docker_flags):
        return True
    return lease.network is not None and lease.network.value.contains(Prefix.of(*bridge))


def _mtu(host: Host, lease: FlannelLease) -> Iterator[Finding]:
    bip = host.daemon.text("bip") if host.daemon is not None else None
    bridge = parse_interface(bip.value) if bip is not None else None
    if lease.mtu is None or not (host.cluster.docker_flags or (bridge is not None and _is_leased(bridge, lease, host))):
        return
    given = [flags.mtu for flags in host.cluster.docker_flags]
    option = host.daemon.get("mtu") if host.daemon is not None else None
    if option is not None and isinstance(option.value, int) and not isinstance(option.value, bool):
        given.append(Located(option.value, option.span, option.exact))
    for mtu in given:
        if mtu is not None and mtu.exact and mtu.value > lease.mtu.value:
            yield Finding(
                message=f"dockerd gets the MTU {mtu.value}, and flannel's network carries {lease.mtu.value}",
                at=mtu.span,
                help="restart flanneld and then docker, so that both use the same MTU",
                related=(Label(lease.mtu.span, "what flannel's network carries"),),
                host=host.name,
            )
            return
