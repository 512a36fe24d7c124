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

from netlint.api import Finding, InputProblem, Label, Severity, Site, rule

SHOWN = 4  # places of one problem that a file repeats


@rule(
    "NL901",
    Severity.ERROR,
    proof="the parsers' own tests; dockerd and iptables-restore refuse the examples",
    compose=["site.unreadable"],
)
def check(site: Site) -> Iterator[Finding]:
    repeated: dict[tuple[str, str], list[InputProblem]] = {}
    for problem in site.unreadable:
        repeated.setdefault((problem.span.source, problem.message), []).append(problem)
    for (_, message), problems in repeated.items():
        first, *others = problems
        yield Finding(
            message=message + (f", here and at {len(others)} other places of the file" if others else ""),
            at=first.span,
            help=first.help,
            related=tuple(Label(other.span, "here too") for other in others[: SHOWN - 1]),
            host=first.host,
        )
