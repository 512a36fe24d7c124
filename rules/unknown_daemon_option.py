"""An option that dockerd does not have, or a value that it does not take

## What it means

The key is misspelt, has the wrong case, belongs to another version of the engine, is the name of a flag where the file
wants another (`dns-opt` for `dns-opts`), or has a value of the wrong type.

## Why it matters

For an unknown key `dockerd` does not start: "the following directives don't match any configuration option". The name
of a flag in the file is accepted and does nothing. A wrong type makes the file unreadable for the engine.

## How to fix it

Write the key as the engine's version knows it. `dockerd --validate` (from 23.0) checks keys, but not what they mean.

## Bad: misspelt

```json title="daemon.json"
{
  "default-address-pool": [ { "base": "10.201.0.0/16", "size": 24 } ],  // <- error
  "insecure-registry": ["registry.example:5000"]  // <- error
}
```

## Bad: a list that is none

```json title="daemon.json"
{
  "dns": "10.0.0.2"  // <- error
}
```

## Bad: too new for the engine

```json title="daemon.json"
{
  "default-network-opts": { "bridge": { "com.docker.network.driver.mtu": "1400" } }  // <- error
}
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Good: known keys

```json title="daemon.json"
{
  "default-address-pools": [ { "base": "10.201.0.0/16", "size": 24 } ],
  "dns": ["10.0.0.2"],
  "mtu": 1400
}
```
"""

import re
from collections.abc import Iterator

from netlint.api import Edit, Finding, Fix, Host, Option, Setting, Severity, Site, Span, pattern, rule

NOT_A_STRING = ("must be a whole number", "must be true or false")
LITERAL = pattern(r"true|false|0|[1-9][0-9]{0,9}", re.ASCII)
OF_THE_CLUSTER = ("cluster-store", "cluster-advertise", "cluster-store-opts")  # NL604 has more to say of these


@rule(
    "NL302",
    Severity.ERROR,
    needs=["daemon"],
    proof="options by release: the engine's sources",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for option in host.daemon.options if host.daemon is not None else ():
            fault = _fault(host, option)
            if fault is not None:
                meant = f"did you mean {option.suggestion}?" if option.suggestion else "remove it"
                yield Finding(
                    message=f"{fault}: dockerd "
                    + ("ignores it" if option.ignored else "refuses to start"),
                    at=(option.error_span or option.span) if option.type_error else option.name_span,
                    help=meant if not option.known or option.ignored else "",
                    fixes=_fixes(option),
                    host=host.name,
                )  # fmt: skip


def _fault(host: Host, option: Option) -> str | None:
    if option.setting is Setting.RUNNING or option.name in OF_THE_CLUSTER:
        return None
    if not option.known:
        return f"{option.name} is no option of any Docker engine"
    if option.ignored:
        return f"{option.name} is the name of a flag and no key of daemon.json"
    if option.since is not None and host.before(*option.since):
        return f"{option.name} came with Docker {_release(option.since)}, and the engine is {_engine(host)}"
    if option.removed is not None and host.before(*option.removed) is False:
        return f"{option.name} was removed in Docker {_release(option.removed)}, and the engine is {_engine(host)}"
    if option.type_error and option.exact:
        return f"{option.name}: {option.type_error}"
    return None


def _fixes(option: Option) -> tuple[Fix, ...]:
    """The name that is meant; or the value without quotes, or in quotes, where its type alone is wrong."""
    if option.setting is not Setting.FILE or not option.exact:
        return ()
    if option.suggestion:
        change = Edit(option.name_span, option.suggestion, old=option.name)
        return (Fix(title=f"write {option.suggestion}", changes=(change,)),)
    span, value = option.span, option.value
    if option.type_error.startswith(NOT_A_STRING) and isinstance(value, str) and LITERAL.fullmatch(value):
        quoted = Span(span.source, span.start - 1, span.end + 1)
        return (
            Fix(title=f"write {value} without quotes", changes=(Edit(quoted, value, old=f'"{value}"'),), safe=True),
        )
    if option.type_error.startswith("must be a string") and isinstance(value, int):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return (Fix(title="write it in quotes", changes=(Edit(span, f'"{text}"', old=text),), safe=True),)
    return ()


def _release(numbers: tuple[int, ...]) -> str:
    return f"{numbers[0]}.{numbers[1]:02}" if 17 <= numbers[0] <= 19 else ".".join(map(str, numbers))


def _engine(host: Host) -> str:
    return str(host.engine.value) if host.engine is not None else "unknown"
