"""A flow does not end as the configuration says it must

## What it means

The configuration states with `[[expect]]` what must hold on the hosts: that a flow is accepted, that it is dropped, or
that it keeps its source address. netlint walks one packet of the flow through routes, firewall rules and translations,
and it comes out otherwise. `accept` also asks that the answer finds its way back.

## Why it matters

Somebody wrote down what the network is for. Either a change has broken it, or what is written down is no longer true.

## How to fix it

Follow the steps of the witness to the rule that decides, and change it; or change the expectation. `netlint trace` with
the same flow shows the way with all details.

## Bad: the database can be reached from outside

```toml title="netlint.toml"
[[expect]]
flow = "tcp from internet to 172.17.0.2:5432"
verdict = "drop"
```

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j ACCEPT  # <- error
-A FORWARD -i docker0 -j ACCEPT
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 scope link src 172.17.0.1
192.168.10.0/24 dev eth0 scope link src 192.168.10.1
```

## Good: only what is published

```toml title="netlint.toml"
[[expect]]
flow = "tcp from internet to 172.17.0.2:5432"
verdict = "drop"

[[expect]]
flow = "tcp from internet to 172.17.0.2:443"
verdict = "accept"

[[expect]]
flow = "tcp from internet to 172.17.0.2:443"
verdict = "keeps-source"
```

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 172.17.0.2/32 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 scope link src 172.17.0.1
192.168.10.0/24 dev eth0 scope link src 192.168.10.1
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netlint.api import Confidence, Finding, Label, Severity, Site, Span, journey_witness, rule

if TYPE_CHECKING:  # the packet walk takes longer to load than a Compose file to check, and few sites state expectations
    from netlint.api import Checked, Journey

MEANT = {"accept": "to be accepted", "drop": "to be dropped", "keeps-source": "to keep its source"}


@rule(
    "NL420",
    Severity.ERROR,
    proof="a statement of the configuration; the packet walk and the kernel agree on thousands of random packets",
    compose=["site.expectations"],
)
def check(site: Site) -> Iterator[Finding]:
    if not site.expectations:
        return
    from netlint.api import checked  # noqa: PLC0415

    for one in checked(site):
        if one.journey is None:
            yield from _unanswered(site, one)
        elif not one.holds:
            yield _violated(one, one.journey)
        elif not one.journey.certain:
            yield _unsure(one, one.journey)


def _violated(one: Checked, journey: Journey) -> Finding:
    at, label = _culprit(one, journey)
    sure = journey.certain
    return Finding(
        message=f"'{one.expectation.flow}' is {MEANT[one.expectation.verdict]}, and {one.came}",
        at=at,
        label=label,
        help=f"change what decides here, or the expectation; netlint trace '{one.expectation.flow}' shows every step",
        related=tuple(Label(doubt.span, f"not certain: {doubt.text}") for doubt in journey.doubts[:3]),
        severity=None if sure else Severity.WARNING,
        confidence=None if sure else Confidence.MEDIUM,
        witness=journey_witness(journey),
        host=journey.last.host.name,
    )


def _culprit(one: Checked, journey: Journey) -> tuple[Span, str]:
    """The place that decided, and what it did."""
    if not journey.accepted:
        return journey.last.decided or journey.last.steps[-1].span, f"the packet is {journey.verdict} here"
    if one.expectation.verdict == "keeps-source" and journey.source_rule is not None:
        return journey.source_rule.span, "the source is rewritten here"
    if journey.answer_at is not None and one.expectation.verdict == "accept":
        return journey.answer_at, journey.answer_text
    deciding = next((step for step in reversed(journey.steps) if "ACCEPT" in step.text), journey.steps[-1])
    return deciding.span, "the packet passes here"


def _unsure(one: Checked, journey: Journey) -> Finding:
    doubt = journey.doubts[0] if journey.doubts else journey.steps[-1]
    return Finding(
        message=f"'{one.expectation.flow}' is {MEANT[one.expectation.verdict]}, and is as far as anything is known",
        at=doubt.span,
        label=doubt.text,
        help="give the listings that tell it",
        related=tuple(Label(other.span, other.text) for other in journey.doubts[1:4]),
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM,
        witness=journey_witness(journey),
        host=journey.last.host.name,
    )


def _unanswered(site: Site, one: Checked) -> Iterator[Finding]:
    """An expectation that names what is not there: nobody is to take silence for an answer."""
    named = [host for host in site.hosts if host.name == one.expectation.host] or list(site.hosts)
    if named:
        yield Finding(
            message=f"'{one.expectation.flow}' cannot be checked: {one.error}",
            at=named[0].span,
            label="nothing here fits the flow",
            help="change the flow, or give the listings of what it names",
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
            host=named[0].name,
        )
