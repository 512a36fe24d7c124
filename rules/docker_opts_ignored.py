"""Options in /etc/default/docker or /etc/sysconfig/docker that reach no dockerd

## What it means

The file was read by the start scripts of sysvinit and upstart. A systemd unit reads it only if it names it in
`EnvironmentFile=`, and passes on only the variables that its `ExecStart=` refers to. The unit given here does not.

## Why it matters

Nothing fails: dockerd starts with its defaults, on 172.17.0.0/16, without the resolver, proxy or MTU that stand in the
file.

## How to fix it

Move the options to daemon.json. Or have a drop-in read the file: `EnvironmentFile=-/etc/default/docker` and
`ExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS` behind an empty `ExecStart=`.

## Bad: a unit that does not look

```sh title="default/docker"
DOCKER_OPTS="--bip=10.201.0.1/24 --dns 10.1.1.53 --mtu 1450"  # <- warning
```

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
```

## Good: read and passed on

```sh title="default/docker"
DOCKER_OPTS="--bip=10.201.0.1/24 --dns 10.1.1.53 --mtu 1450"
```

```ini title="docker.service"
[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule


@rule(
    "NL304",
    Severity.WARNING,
    needs=["daemon"],
    proof="systemd.service(5) and systemd.exec(5): the environment of a unit is what EnvironmentFile= and Environment= "
    "give it",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        daemon = host.daemon
        for unused in daemon.unused_defaults if daemon is not None else ():
            starts = [start for start in daemon.exec_starts if start.effective] if daemon is not None else []
            yield Finding(
                message=f"{unused.name} sets {_listed(unused.flags)}, and the unit that starts dockerd does not pass "
                "it on: the options have no effect",
                at=unused.span,
                help="move the options to daemon.json",
                related=tuple(Label(start.span, f"nothing of {unused.name} here") for start in starts[-1:]),
                host=host.name,
            )


def _listed(flags: tuple[str, ...]) -> str:
    return ", ".join(flags) if len(flags) < 5 else f"{', '.join(flags[:4])} and more"
