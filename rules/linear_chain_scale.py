"""One packet is compared with more than a thousand rules one by one

## What it means

iptables asks the rules of a chain in their order until one ends the way. netlint looks for the packet that comes to the
end of the longest chain and counts the rules that it is compared with on its way through the hook. In `nat` that is the
first packet of each connection; in the other tables it is every packet, unless a rule before accepts what belongs to a
connection that is known.

## Why it matters

A rough measure from one kernel (4.15): 4,500 rules cost 0.4 to 1.0 million cycles, which is 0.1 to 0.3 ms for each
packet that passes them at 3 GHz. Loading takes long as well, because every change writes the table anew. The thresholds
(1,000 for a note, 5,000 for a warning) are netlint's own; Calico and Amazon EKS name 1,000 services as the point from
which on the iptables mode of kube-proxy is felt.

## How to fix it

Rules that differ in an address or port alone belong into a set: `ipset create banned hash:net`, `-m set --match-set
banned src -j DROP`, or a set or map of nftables. kube-proxy has the mode `nftables` (Kubernetes 1.33 and later). For
what is left, a rule that accepts `RELATED,ESTABLISHED` before the others keeps all but the first packets away.

## Bad: jumps count each time they are taken

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:banned - [0:0]  # <- note
:zone - [0:0]
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A INPUT -j zone
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A zone -j banned
-A banned -s 198.51.100.1/32 -j DROP
-A banned -s 198.51.100.2/32 -j DROP
-A banned -s 198.51.100.3/32 -j DROP
-A banned -s 198.51.100.4/32 -j DROP
-A banned -s 198.51.100.5/32 -j DROP
-A banned -s 198.51.100.6/32 -j DROP
-A banned -s 198.51.100.7/32 -j DROP
-A banned -s 198.51.100.8/32 -j DROP
-A banned -s 198.51.100.9/32 -j DROP
-A banned -s 198.51.100.10/32 -j DROP
COMMIT
```

## Good: a set

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m set --match-set banned src -j DROP
COMMIT
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, LongWay, Severity, Site, Step, Witness, chain_maker, long_ways, rule

SOME, MANY = 1_000, 5_000


@rule("NL709", Severity.NOTE, needs=["firewall"], proof="measured by others: see the documentation", each_host=True)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for ruleset in host.rulesets:
            for way in long_ways(ruleset, SOME):
                yield _finding(host, way)


def _finding(host: Host, way: LongWay) -> Finding:
    if way.table.name == "nat":
        who = "the first packet of each connection"
    else:
        who = "each packet" if way.later >= SOME else "the first packet of each connection"
    where = f", {way.in_chain:,} of them in {way.chain.name}" if way.in_chain < way.rules else ""
    return Finding(
        message=f"{way.rules:,} rules of table {way.table.name} are compared with {who} of its kind{where}",
        at=way.chain.span,
        help=_help(way),
        severity=Severity.WARNING if way.rules >= MANY else Severity.NOTE,
        witness=Witness(
            packet=str(way.packet), steps=(Step(way.chain.span, f"is compared with {way.in_chain:,} rules here"),)
        ),
        host=host.name,
    )


def _help(way: LongWay) -> str:
    if chain_maker(way.chain.name) == "kube-proxy":
        return "kube-proxy's mode nftables (Kubernetes 1.33 and later) looks services up in a map"
    return "rules that differ in an address or port alone belong into one rule with a set (ipset, or a set of nftables)"
