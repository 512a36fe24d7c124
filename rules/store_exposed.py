"""The cluster's key-value store is open to everybody

## What it means

consul, etcd and ZooKeeper keep what connects the hosts: the overlay networks of engines up to 20.10, flannel's leases,
the whole state of a Kubernetes cluster. The store listens on every address, by a published port or by its own options,
without client certificates or another sign of authentication, and the host's firewall lets packets from outside in.

For a store of which no host of the site is known to make use (a Compose file alone), the finding is a warning.

## Why it matters

Who can write there moves traffic to another host, reads what is kept, or takes the cluster over. A published port is
not protected by rules in INPUT either.

## How to fix it

Bind it to the address that the other hosts use, demand client certificates (`--client-cert-auth` for etcd, ACLs and TLS
for consul), and accept the port from the other hosts only, in DOCKER-USER where it is published.

## Bad: consul of an engine's cluster

```sh title="setup.sh"
dockerd --cluster-store=consul://192.168.10.1:8500 --cluster-advertise=eth0:2376
docker run -d -p 8500:8500 -h consul --name consul progrium/consul -server -bootstrap  # <- error
```

## Bad: etcd on every address

```ini title="etcd.service"
[Service]
ExecStart=/usr/bin/etcd --listen-client-urls http://0.0.0.0:2379 --data-dir /var/lib/etcd  ; <- error
```

## Good: on the address of the cluster, with certificates

```ini title="etcd.service"
[Service]
ExecStart=/usr/bin/etcd --listen-client-urls https://10.0.0.5:2379 --client-cert-auth --trusted-ca-file=/etc/etcd/ca.pem
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, leg_witness, open_stores, rule


@rule(
    "NL611",
    Severity.ERROR,
    security=8.1,
    proof="documentation of etcd (security), consul (ACL system off by default) and Docker's key-value overlay",
    compose=["port.published"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for found in open_stores(site, host):
            one, leg, user = found.store, found.leg, found.user
            yield Finding(
                message=f"{one.owner} offers {one.program} on port {one.port} of every address, without a sign of "
                "authentication" + (f"; {user[1]} relies on it" if user is not None else ""),
                at=one.at,
                label="open to every host that reaches this one",
                help="bind it to the address that the other hosts use and demand client certificates",
                related=(Label(user[0], "the store is used here"),) if user is not None else (),
                severity=None if user is not None or not one.published else Severity.WARNING,
                witness=leg_witness(leg) if leg is not None and leg.accepted and leg.certain else None,
                host=host.name,
            )
