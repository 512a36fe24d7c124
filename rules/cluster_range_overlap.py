"""A cluster's own range of addresses is in use for something else

## What it means

Pods and services get addresses from ranges that the cluster is told once: weave's `IPALLOC_RANGE`, flannel's
`Network`, a Calico pool, kubeadm's `podSubnet` and `serviceSubnet`, the flags of kube-apiserver and its companions. The
programs do not look at each other's ranges, nor at the network that the nodes are on. Here such a
range overlaps another one, the network of a node, a route or a Docker network.

That several programs are told the same pod range is how it should be, and so is a `bip` inside flannel's network.

## Why it matters

* **Pods and services**: kube-proxy rewrites what goes to a service's address; a pod with that address is not reached on
  the service's ports, with IPVS on none.
* **Pods and the nodes' network**: a node takes a neighbour for a pod. Calico never translates what goes to a pool, so
  that machines of the LAN get packets with sources that they cannot answer.
* **Services and the nodes' network**: a service can get the address of a machine, which is then out of reach.
* **weave and a route**: `weave launch` stops with "overlaps with existing route".
* **Docker networks**: the bridge's route wins over the cluster's, and pods of that range are out of reach.

## How to fix it

Choose ranges that nothing else uses before the cluster is made; most of them can hardly be changed later. `netlint
plan` proposes some.

## Bad: a pod range inside the service range

```sh title="setup.sh"
kubeadm init --pod-network-cidr=10.96.0.0/16 --service-cidr=10.96.0.0/12  # <- error
```

## Bad: a Calico pool over the nodes' network

```yaml title="ippool.yaml"
apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: default-ipv4-ippool
spec:
  cidr: 192.168.0.0/16  # <- error
  natOutgoing: true
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.86.152/24 scope global eth0
```

## Bad: weave's default range inside a route

```sh title="setup.sh"
weave launch  # <- error
```

```text title="ip-route.txt"
default via 203.0.113.1 dev eth1
10.0.0.0/8 via 10.44.31.247 dev eth0
10.44.16.0/20 dev eth0 proto kernel scope link src 10.44.17.5
203.0.113.0/24 dev eth1 proto kernel scope link src 203.0.113.7
```

## Good: a range for each

```sh title="setup.sh"
kubeadm init --pod-network-cidr=10.244.0.0/16 --service-cidr=10.96.0.0/12
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.86.152/24 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Claim,
    ClaimKind,
    Confidence,
    Finding,
    Host,
    Label,
    Plan,
    Prefix,
    Severity,
    Site,
    claims,
    free_like,
    overlaps_between,
    parse_prefix,
    rule,
)

PODS = (ClaimKind.PODS, ClaimKind.WEAVE)
OWN_ROUTE = 22  # bits from which on a route inside a pod range is taken for that to one node's pods
ROUTING_DAEMONS = ("bird", "zebra", "bgp", "12", "11", "186", "80", "17")  # what puts routes to pods there
WEAVES = ("weave", "datapath", "vxlan-6784")
DOCKER0 = parse_prefix("172.17.0.0/16")


@rule(
    "NL120",
    Severity.ERROR,
    proof="kube-proxy's and Calico's rules by their documentation, in the kernel; weave's launch script refuses ranges "
    "in routes; issues of kubeadm, Calico and flannel with each of the overlaps",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        pods, services = plan.of(*PODS), plan.of(ClaimKind.SERVICES)
        said: set[tuple[Prefix, Prefix, ClaimKind]] = set()
        for claim, other in (*overlaps_between(pods, services), *_surroundings(pods + services, plan)):
            key = (claim.prefix, other.prefix, other.kind)
            if key in said or claim.span is None or other.span is None:
                continue
            if host.implied and other.cluster is not None and _folder(claim) != _folder(other):
                continue  # manifests of a repository that may never meet
            effect = _effect(host, claim, other)
            if effect is not None:
                said.add(key)
                yield _finding(host, site, claim, other, *effect)


def _surroundings(ranges: list[Claim], plan: Plan) -> Iterator[tuple[Claim, Claim]]:
    """The ranges that touch what the host is connected to."""
    networks = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
    links = [claim for claim in plan.of(ClaimKind.LINK) if not claim.container_link and _device(claim) != "lo"]
    routes = plan.of(ClaimKind.ROUTE)
    for others in (links, networks, [claim for claim in routes if not claim.container_link]):
        yield from overlaps_between(ranges, others)
    # weave looks at every route but its own
    weave = [claim for claim in ranges if claim.kind is ClaimKind.WEAVE]
    yield from overlaps_between(weave, [claim for claim in routes if _device(claim) not in WEAVES])


def _device(claim: Claim) -> str | None:
    return claim.interface.name if claim.interface is not None else claim.route.device if claim.route else None


def _folder(claim: Claim) -> str:
    return claim.span.source.rpartition("/")[0] if claim.span is not None else ""


def _effect(host: Host, claim: Claim, other: Claim) -> tuple[str, Severity | None] | None:
    """What comes of it, and how bad it is; None where it is meant to be so."""
    services = claim.kind is ClaimKind.SERVICES
    if other.kind is ClaimKind.SERVICES:
        return "a pod and a service may get the same address, and the pod is never reached", None
    if _is_only_told(host, claim):
        return None
    if other.kind is ClaimKind.LINK:
        if services:
            return "a service may get the address of a machine there, which this node then does not reach", None
        return "machines there are taken for pods", None
    if other.kind is ClaimKind.NETWORK:
        if not services and _is_pods_bridge(claim, other):
            return None
        return f"what this node sends to {'services' if services else 'pods'} there goes to the bridge", None
    return _route_effect(host, claim, other)


def _is_only_told(host: Host, claim: Claim) -> bool:
    """Whether kube-proxy alone knows the range, which hands none of it out: pods may be on the nodes' own network."""
    if claim.cluster is None or claim.cluster.owner != "kube-proxy":
        return False
    return not any(one.owner != "kube-proxy" and one.role is claim.cluster.role for one in host.cluster.ranges)


def _is_pods_bridge(claim: Claim, other: Claim) -> bool:
    """Whether docker0 is what the pods of this node are on, with a part of the pod range."""
    chosen = other.network is not None and other.network.default_bridge and other.prefix != DOCKER0
    return chosen and claim.prefix != other.prefix and claim.prefix.contains(other.prefix)


def _route_effect(host: Host, claim: Claim, other: Claim) -> tuple[str, Severity | None] | None:
    route = other.route
    if claim.kind is ClaimKind.WEAVE:
        return "weave launch stops with 'overlaps with existing route'", None
    if route is None or route.kind != "unicast" or route.protocol in ROUTING_DAEMONS:
        return None
    inside = claim.prefix.contains(other.prefix)
    if inside and (claim.prefix == other.prefix or other.prefix.length >= _host_length(host)):
        return None  # the cluster's own route to the pods of a node, or the network's to all of them
    what = "services" if claim.kind is ClaimKind.SERVICES else "pods"
    if inside:
        return f"the {what} in that part are out of reach", Severity.WARNING
    return f"what is reached there at these addresses is hidden by {what}", Severity.WARNING


def _host_length(host: Host) -> int:
    return min([OWN_ROUTE, *(one.hosts_length for one in host.cluster.flannel)])


def _finding(host: Host, site: Site, claim: Claim, other: Claim, effect: str, severity: Severity | None) -> Finding:
    assert claim.span is not None
    assert other.span is not None
    plan = claims(host, site)
    again = [one for one in plan.of(claim.kind) if one.prefix == claim.prefix and one.span not in (None, claim.span)]
    free = free_like(claim.prefix, plan)
    return Finding(
        message=f"{claim.what} {claim.prefix} {claim.prefix.relation(other.prefix)} {other.prefix} of {other.what}: "
        f"{effect}",
        at=claim.span,
        help="give the cluster a range that nothing else uses" + (f"; free here: {free[0]}" if free else ""),
        related=(
            Label(other.span, f"{other.what}: {other.prefix}"),
            *(Label(one.span, f"{one.what}: the same range") for one in again if one.span is not None),
        ),
        severity=severity,
        confidence=Confidence.MEDIUM if severity is not None else None,
        host=host.name,
    )
