"""Pods' traffic is translated where it must not be, or not where it has to be

## What it means

These settings decide whether a pod's address survives:

* `--masquerade-all` (`masqueradeAll`) of kube-proxy translates everything that goes to a service, between pods too.
* Without `--cluster-cidr` (`clusterCIDR`) and another way to tell local traffic (`detectLocalMode`), kube-proxy cannot
  tell what comes from outside the cluster, and translates none of it. Where it names a range in which no pod has its
  address, it takes the pods for outsiders and translates what they send to services.
* `natOutgoing: false` on every pool of Calico leaves pods' private addresses on packets to the outside; only a network
  that has routes back to the pool (BGP peers) answers them.

## Why it matters

With all traffic translated, network policies and logs see the node in place of the pod. Without any, a client outside
that asks a service by a node is answered by a pod of another node itself, past the first, and drops the answer; the
first node's own requests are lost where the other's `rp_filter` is strict. Pods without translation and without a way
back reach nothing outside.

## How to fix it

Start kube-proxy with `--cluster-cidr` set to the pods' range and without `--masquerade-all`. Set `natOutgoing: true` on
the pool, or announce it to the routers outside (BGPPeer).

## Bad: everything is translated

```yaml title="kube-proxy.yaml"
apiVersion: v1
kind: Pod
metadata: {name: kube-proxy}
spec:
  containers:
    - name: kube-proxy
      command:
        - kube-proxy
        - --cluster-cidr=10.233.64.0/18
        - --masquerade-all  # <- warning
```

## Bad: what comes from outside is not known

```ini title="kube-proxy.service"
[Service]
ExecStart=/usr/bin/kube-proxy --master=http://10.0.0.1:8080 --proxy-mode=iptables  ; <- warning
```

## Bad: another range than flannel's

```yaml title="cluster.yaml"
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-flannel-cfg}
data:
  net-conf.json: |
    {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.44.0.0/16  # <- warning
```

## Bad: no way out for pods

```yaml title="ippool.yaml"
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: default-ipv4-ippool}
spec:
  cidr: 10.244.0.0/16
  natOutgoing: false  # <- warning
```

## Good: pods keep their addresses inside, and are translated outside

```yaml title="cluster.yaml"
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: default-ipv4-ippool}
spec:
  cidr: 10.244.0.0/16
  natOutgoing: true
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
```
"""

from collections.abc import Iterator

from netlint.api import (
    CalicoPool,
    Confidence,
    Finding,
    Host,
    KubeProxy,
    Label,
    Role,
    Severity,
    Site,
    Span,
    parse_prefix,
    rule,
)

GIVERS = ("flannel", "Calico")  # they hand out the pods' addresses

PRIVATE = tuple(filter(None, map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))))


@rule(
    "NL617",
    Severity.WARNING,
    proof="rules as kube-proxy and Calico write them, by their documentation (clusterCIDR, masqueradeAll, natOutgoing) "
    "in the kernel; calico issue on --masquerade-all, kubernetes issues on a missing --cluster-cidr",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for proxy in host.cluster.proxies:
            yield from _proxy(host, proxy)
        yield from _pools(host)


def _proxy(host: Host, proxy: KubeProxy) -> Iterator[Finding]:
    everything = proxy.masquerade_all
    if everything is not None and everything.value:
        yield Finding(
            message="kube-proxy translates all traffic to services: pods see the node's address in place of a pod's, "
            "and network policies by pod do not match",
            at=everything.span,
            help="remove it, and give kube-proxy the pods' range (--cluster-cidr) instead",
            host=host.name,
        )
    elif proxy.cluster_range is None and proxy.exact and not proxy.detects:
        yield Finding(
            message="kube-proxy is not told the pods' range: what comes to services from outside is not translated, "
            "and answers of pods on other nodes do not come back by this one",
            at=proxy.span,
            help="start it with --cluster-cidr and the pods' range",
            confidence=Confidence.MEDIUM,
            host=host.name,
        )

    elif not proxy.detects:
        yield from _elsewhere(host, proxy)


def _elsewhere(host: Host, proxy: KubeProxy) -> Iterator[Finding]:
    """A range in which no pod has its address."""
    told = [one for one in host.cluster.ranges if one.owner == "kube-proxy" and one.prefix.exact]
    pods = [
        one
        for one in host.cluster.ranges
        if one.role is Role.PODS and one.owner in GIVERS and (one.prefix.exact or one.assumed)
    ]
    given = proxy.cluster_range
    if (
        given is None
        or not given.exact
        or any(one.prefix.value.overlaps(two.prefix.value) for one in told for two in pods)
    ):
        return
    other = next((one for one in pods if one.prefix.value.version == given.value.version), None)
    if other is None or (host.implied and _folder(other.prefix.span) != _folder(given.span)):
        return  # manifests of a repository that may never meet
    yield Finding(
        message=f"kube-proxy takes {given.value} for the pods' range, and {other.what} is {other.prefix.value}: what "
        "pods send to services is translated to the node's address",
        at=given.span,
        help=f"give kube-proxy {other.prefix.value} as its cluster range",
        related=(Label(other.prefix.span, other.what),),
        host=host.name,
    )


def _folder(span: Span) -> str:
    return span.source.rpartition("/")[0]


def _pools(host: Host) -> Iterator[Finding]:
    pools = [pool for pool in host.cluster.pools if not pool.disabled]
    if host.cluster.bgp_peers or any(pool.masquerades is None or pool.masquerades.value for pool in pools):
        return
    for pool in pools:
        if pool.masquerades is not None and _is_private(pool):
            yield Finding(
                message=f"pods of the pool {pool.prefix.value} leave with private addresses: natOutgoing is false, and "
                "no BGP peer outside is told the way back",
                at=pool.masquerades.span,
                help="set natOutgoing to true, or announce the pool to the routers outside",
                related=(Label(pool.prefix.span, "the pool"),),
                confidence=Confidence.MEDIUM,
                host=host.name,
            )


def _is_private(pool: CalicoPool) -> bool:
    return any(prefix.contains(pool.prefix.value) for prefix in PRIVATE)
