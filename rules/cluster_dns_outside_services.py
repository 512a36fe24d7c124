"""Pods are given a name server that no service of the cluster can have

## What it means

The cluster's name server (CoreDNS, kube-dns) is a service, and services have addresses of the service range. The
kubelet writes `clusterDNS` into the pods' resolv.conf as it stands: where the range was changed and it was not, or the
other way round, the address is nobody's.

## Why it matters

Pods resolve no names, neither of the cluster nor of the world.

## How to fix it

Write the address of the DNS service (`kubectl -n kube-system get service kube-dns`), by custom the tenth of the range.
A name server on the node itself (NodeLocal DNSCache) has a link-local address, which this rule leaves alone.

## Bad: another range's address

```yaml title="kubelet.yaml"
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
clusterDNS:
  - 10.96.0.10  # <- warning
```

```yaml title="kubeadm.yaml"
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
networking:
  podSubnet: 10.42.0.0/16
  serviceSubnet: 10.43.0.0/16
```

## Bad: k3s

```yaml title="etc/rancher/k3s/config.yaml"
service-cidr: 10.45.0.0/16
cluster-dns: 10.43.0.10  # <- warning
```

## Good: an address of the range, or of the node's own cache

```yaml title="kubelet.yaml"
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
clusterDNS:
  - 10.43.0.10
  - 169.254.20.10
```

```yaml title="kubeadm.yaml"
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
networking:
  podSubnet: 10.42.0.0/16
  serviceSubnet: 10.43.0.0/16
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Label, Role, Severity, Site, Span, rule


@rule(
    "NL620",
    Severity.WARNING,
    proof="kubelet's dns configurer writes clusterDNS as it stands (pkg/kubelet/network/dns); the allocator of "
    "services takes no address outside its range",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        ranges = [one for one in host.cluster.ranges if one.role is Role.SERVICES]
        for server in host.cluster.dns:
            known = [
                one for one in ranges if not host.implied or _folder(one.prefix.span) == _folder(server.span)
            ]  # manifests of a repository that may never meet
            same = [one for one in known if one.prefix.value.version == server.value.version]
            if not same or not server.exact or server.value.is_link_local:
                continue
            if any(one.prefix.value.holds(server.value) for one in same):
                continue
            if any(not one.prefix.exact and not one.assumed for one in same):
                continue  # a variable decides
            yield Finding(
                message=f"pods are given the name server {server.value}, and {same[0].what} is {same[0].prefix.value}: "
                "no service has that address",
                at=server.span,
                label="what pods ask for names",
                help="write the address of the DNS service (kubectl -n kube-system get service kube-dns)",
                related=(Label(same[0].prefix.span, f"{same[0].what}: {same[0].prefix.value}"),),
                confidence=Confidence.MEDIUM if same[0].assumed else None,
                host=host.name,
            )


def _folder(span: Span) -> str:
    return span.source.rpartition("/")[0]
