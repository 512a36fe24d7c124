"""A file, or a place in it, that cannot be read

## What it means

The text at this place does not follow the syntax of its format, or holds a value that cannot be what it should be (an
address that is none, a port above 65535). netlint skips the place and goes on with the rest of the file.

## Why it matters

What could not be read was not checked. The program that the file is for will stop at the same place, or skip it
without a word: `iptables-restore` refuses the whole file, `dockerd` does not start.

## How to fix it

Correct the place. Where netlint is wrong about it, that is a defect of netlint and worth a report; meanwhile the rule
can be ignored for the file.

## Bad: a mask that is none

```text title="iptables-save.txt"
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/33 -j MASQUERADE  # <- error
COMMIT
```

## Bad: no JSON

```json title="daemon.json"
{
  "bip": "10.9.0.1/24"
  "mtu": 1400  // <- error
}
```

## Good: both can be read

```text title="iptables-save.txt"
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Severity, Site, rule


@rule("NL901", Severity.ERROR, proof="the parsers' own tests; dockerd and iptables-restore refuse the examples")
def check(site: Site) -> Iterator[Finding]:
    for problem in site.unreadable:
        yield Finding(message=problem.message, at=problem.span, help=problem.help, host=problem.host)
