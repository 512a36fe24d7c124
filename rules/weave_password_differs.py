"""One of two peers of weave encrypts, and the other does not

## What it means

A password (`--password`, `WEAVE_PASSWORD`) makes weave encrypt what it sends to its peers. A peer that was started
without one, or with the variable unset in its environment, cannot speak to one that has it.

## Why it matters

The two close the connection and try again for ever: containers of the one host do not reach those of the other, and
`weave status connections` shows the peer as failed.

## How to fix it

Give all peers the same password, or none.

## Bad: the first alone

```sh title="hostA/setup.sh"
export WEAVE_PASSWORD=correct-horse
weave launch
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

```sh title="hostB/setup.sh"
weave launch 192.168.10.1  # <- error
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
```

## Good: both

```sh title="hostA/setup.sh"
export WEAVE_PASSWORD=correct-horse
weave launch
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

```sh title="hostB/setup.sh"
weave launch --password correct-horse 192.168.10.1
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
```
"""

from collections.abc import Iterator
from itertools import combinations

from netlint.api import Finding, Host, Label, Severity, Site, rule


@rule(
    "NL619",
    Severity.ERROR,
    proof="source: the handshake of weaveworks/mesh refuses a peer that asks for the other kind of connection "
    "(protocol.go)",
    beyond_compose=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host, other in combinations([host for host in site.hosts if host.weave], 2):
        if not (_peers(host, other) or _peers(other, host)):
            continue
        first, second = (host, other) if host.weave[-1].password is not None else (other, host)
        guarded, bare = first.weave[-1], second.weave[-1]
        if guarded.password is None or bare.password is not None:
            continue
        yield Finding(
            message=f"weave starts here without a password, and its peer {first.name} has one: the two do not connect",
            at=bare.span,
            help="give all peers the same password, or none",
            related=(Label(guarded.password, f"{first.name} encrypts"),),
            host=second.name,
        )


def _peers(host: Host, other: Host) -> bool:
    """Whether the weave of a host is told to connect to the other."""
    addresses = {entry.address for link in other.interfaces or () for entry in link.addresses}
    return any(peer.value in addresses for weave in host.weave for peer in weave.peers)
