"""The same option in daemon.json and on the command line: dockerd refuses to start

## What it means

`dockerd` merges its command line with `daemon.json`, and refuses to decide between the two: an option that stands in
both is an error even when the values agree. The usual case is `hosts` in `daemon.json` beside the `-H fd://` with which
the packaged systemd unit starts the engine.

## Why it matters

The engine does not start: "the following directives are specified both as a flag and in the configuration file".

## How to fix it

Keep the option in one place. For `hosts`, add a drop-in (`systemctl edit docker`) that empties `ExecStart=` and sets it
again without `-H`, or leave `hosts` out.

## Bad: hosts beside the unit's -H

```json title="daemon.json"
{
  "hosts": ["unix:///var/run/docker.sock"]  // <- error
}
```

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
```

## Good: a drop-in takes the flag away

```json title="daemon.json"
{
  "hosts": ["unix:///var/run/docker.sock"]
}
```

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
```

```ini title="docker.service.d/hosts.conf"
[Service]
ExecStart=
ExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Fix, Label, Remove, Setting, Severity, Site, rule


@rule(
    "NL301",
    Severity.ERROR,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None:
            continue
        flags = {option.name: option for option in host.daemon.options if option.setting is Setting.FLAG}
        for option in host.daemon.options:
            flag = flags.get(option.name)
            if option.setting is Setting.FILE and flag is not None:
                yield Finding(
                    message=f"{option.name} is set here and as a flag of dockerd: dockerd refuses to start",
                    at=option.name_span,
                    label=f"remove it here, or the flag from {flag.name_span.source}",
                    help="keep the option in one place; a drop-in with an empty ExecStart= takes the flag away",
                    related=(Label(flag.name_span, "the flag"),),
                    fixes=(
                        Fix(
                            title=f"remove {option.name} from the file",
                            changes=(Remove(option.name_span),),
                            safe=option.exact and flag.exact and option.value == flag.value,
                        ),
                    ),
                    host=host.name,
                )
