"""The Docker API listens on a TCP socket that asks nobody for a certificate

## What it means

`dockerd` is told to listen on TCP (`-H tcp://…` or `hosts`) without `--tlsverify`. Whoever can open a connection to the
socket can start a container that mounts the host's file system: it is root without a password.

`--tls` alone encrypts but does not ask the client for a certificate; only `--tlsverify` does.

## Why it matters

Port 2375 is searched for by worms all day. An address on a private network helps only as long as nobody else is on that
network, and every container on the host can reach the host's own addresses.

## How to fix it

Leave the API on its Unix socket and reach it through SSH (`docker -H ssh://host`). Where TCP is needed, set `tlsverify`
with `tlscacert`, `tlscert` and `tlskey`. On loopback the socket is open to every user of the host and, with
`network_mode: host`, to containers; that is reported as a note.

## Bad: open to the network

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// -H tcp://0.0.0.0:2375  ; <- error
```

## Bad: encrypted, but for everybody

```json title="daemon.json"
{
  "tls": true,
  "hosts": ["unix:///var/run/docker.sock", "tcp://10.0.0.5:2376"]  // <- error
}
```

## Bad: for every user of this host

```json title="daemon.json"
{
  "hosts": ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"]  // <- note
}
```

## Good: clients need a certificate

```json title="daemon.json"
{
  "tlsverify": true,
  "tlscacert": "/etc/docker/ca.pem",
  "tlscert": "/etc/docker/server.pem",
  "tlskey": "/etc/docker/server-key.pem",
  "hosts": ["unix:///var/run/docker.sock", "tcp://10.0.0.5:2376"]
}
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, parse_address, rule


@rule(
    "NL305",
    Severity.ERROR,
    needs=["daemon"],
    security=9.8,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None or host.daemon.flag("tlsverify", False):
            continue
        tls = host.daemon.get("tls")
        for option in host.daemon.all("hosts"):
            for item in option.items:
                if not item.value.startswith("tcp://"):
                    continue
                address = _address(item.value)
                loopback = address == "localhost" or (
                    (parsed := parse_address(address)) is not None and parsed.is_loopback
                )
                who = "every user of this host" if loopback else "everybody who reaches it"
                yield Finding(
                    message=f"the Docker API on {item.value} is open to {who}: tlsverify is not set",
                    at=item.span,
                    label="root on this host without a password",
                    help="leave the API on its Unix socket and use docker -H ssh://…, or set tlsverify with keys",
                    related=(Label(tls.span, "tls alone asks no client for a certificate"),) if tls else (),
                    severity=Severity.NOTE if loopback else None,
                    host=host.name,
                )


def _address(url: str) -> str:
    """The host part of `tcp://host:port`; empty for every address."""
    place = url.removeprefix("tcp://").partition("/")[0]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.rpartition(":")[0] if ":" in place else place
