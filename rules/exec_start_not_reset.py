"""A drop-in adds a second command to docker.service instead of replacing it

## What it means

`ExecStart=` is a list. A drop-in that sets it adds to what the unit has, unless an empty `ExecStart=` stands before it.

## Why it matters

systemd refuses the unit: "Service has more than one ExecStart= setting, which is only allowed for Type=oneshot
services". Docker does not start at the next boot, or runs on with the old command until then.

## How to fix it

Put an empty `ExecStart=` before the new one, in the section `[Service]` of the drop-in.

## Bad: added

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd://
```

```ini title="docker.service.d/override.conf"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// --mtu 1400  ; <- error
```

## Bad: the drop-in alone

```ini title="docker.service.d/override.conf"
[Service]
ExecStart=/usr/bin/dockerd -H fd:// --mtu 1400  ; <- error
```

## Good: replaced

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd -H fd://
```

```ini title="docker.service.d/override.conf"
[Service]
ExecStart=
ExecStart=/usr/bin/dockerd -H fd:// --mtu 1400
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Edit, ExecStart, Finding, Fix, Label, Severity, Site, Span, rule


@rule(
    "NL303",
    Severity.ERROR,
    needs=["daemon"],
    proof="systemd.service(5): ExecStart= may stand more than once for Type=oneshot only",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        units: dict[str, list[ExecStart]] = {}
        for start in host.daemon.exec_starts if host.daemon is not None else ():
            if start.effective:
                units.setdefault(start.unit, []).append(start)
        for unit, starts in units.items():
            places = {start.span: start for start in starts}  # `;` in one setting makes several commands of it
            last = list(places.values())[-1]
            if len(places) == 1 and not (last.drop_in and not last.after_reset):
                continue
            first = next(iter(places.values()))
            twice = first is not last and first.file == last.file
            yield Finding(
                message=f"{unit} has a second ExecStart=: systemd refuses the unit"
                if twice
                else f"this ExecStart= is added to the one that {unit} has: systemd refuses the unit",
                at=last.span,
                help="put an empty ExecStart= on the line before it",
                related=(Label(first.span, "the command that it was to replace"),) if first is not last else (),
                fixes=_reset(last) if not twice else (),
                confidence=Confidence.LOW if last.excerpt else None,
                host=host.name,
            )


def _reset(start: ExecStart) -> tuple[Fix, ...]:
    at = Span(start.span.source, start.span.start, start.span.start)
    return (Fix(title="put an empty ExecStart= before it", changes=(Edit(at, "ExecStart=\n"),), safe=True),)
