"""Which option belongs to which iptables extension, and how many words follow it.

Source: iptables-extensions(8) of iptables 1.8.9, and the options that 1.2 to 1.4 wrote into their dumps.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class OptionForm(NamedTuple):
    """An option by the name that iptables-save prints; `words` is how many follow it, None where that varies."""

    name: str
    words: int | None = 1


# A word is an option that takes one word; `:0`, `:2`, `:?` say otherwise; `a=b` makes a another name of b.
_PORTS = "sport dport source-port=sport destination-port=dport"
_MARKS = "set-xmark set-mark and-mark or-mark xor-mark"
_TABLE = {
    # matches
    "addrtype": "src-type dst-type limit-iface-in:0 limit-iface-out:0",
    "ah": "ahspi ahlen ahres:0",
    "bpf": "bytecode object-pinned",
    "cgroup": "path cgroup",
    "cluster": "cluster-total-nodes cluster-local-node cluster-local-nodemask cluster-hash-seed",
    "comment": "comment",
    "connbytes": "connbytes connbytes-dir connbytes-mode",
    "connlabel": "label set:0",
    "connlimit": "connlimit-upto connlimit-above connlimit-mask connlimit-saddr:0 connlimit-daddr:0",
    "connmark": "mark",
    "conntrack": "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport "
    "ctrepldstport ctstatus ctexpire ctdir",
    "cpu": "cpu",
    "dccp": f"{_PORTS} dccp-types dccp-option",
    "devgroup": "src-group dst-group",
    "dscp": "dscp dscp-class",
    "dst": "dst-len dst-opts",
    "ecn": "ecn-tcp-cwr:0 ecn-tcp-ece:0 ecn-ip-ect",
    "esp": "espspi",
    "frag": "fragid fraglen fragres:0 fragfirst:0 fragmore:0 fraglast:0",
    "hashlimit": "hashlimit-upto hashlimit-above hashlimit=hashlimit-upto hashlimit-burst hashlimit-mode "
    "hashlimit-srcmask hashlimit-dstmask hashlimit-name hashlimit-htable-size hashlimit-htable-max "
    "hashlimit-htable-expire hashlimit-htable-gcinterval hashlimit-rate-match:0 hashlimit-rate-interval",
    "hbh": "hbh-len hbh-opts",
    "helper": "helper",
    "hl": "hl-eq hl-lt hl-gt",
    "icmp": "icmp-type",
    "icmp6": "icmpv6-type icmp6-type=icmpv6-type",
    "iprange": "src-range dst-range",
    "ipv6header": "soft:0 header",
    "ipvs": "ipvs:0 vproto vaddr vport vdir vmethod vportctl",
    "length": "length",
    "limit": "limit limit-burst",
    "mac": "mac-source",
    "mark": "mark",
    "mh": "mh-type",
    "multiport": "sports dports ports source-ports=sports destination-ports=dports",
    "nfacct": "nfacct-name",
    "osf": "genre ttl log",
    "owner": "uid-owner gid-owner pid-owner sid-owner cmd-owner suppl-groups:0 socket-exists:0",
    "physdev": "physdev-in physdev-out physdev-is-in:0 physdev-is-out:0 physdev-is-bridged:0",
    "pkttype": "pkt-type",
    "policy": "dir pol strict:0 reqid spi proto mode tunnel-src tunnel-dst next:0",
    "psd": "psd-weight-threshold psd-delay-threshold psd-lo-ports-weight psd-hi-ports-weight",
    "quota": "quota",
    "rateest": "rateest-delta:0 rateest-lt:0 rateest-gt:0 rateest-eq:0 rateest rateest1 rateest2 rateest-bps:? "
    "rateest-pps:? rateest-bps1:? rateest-bps2:? rateest-pps1:? rateest-pps2:?",
    "realm": "realm",
    "recent": "name set:0 rcheck:0 update:0 remove:0 rsource:0 rdest:0 mask seconds reap:0 hitcount rttl:0",
    "rpfilter": "loose:0 validmark:0 accept-local:0 invert:0",
    "rt": "rt-type rt-segsleft rt-len rt-0-res:0 rt-0-addrs rt-0-not-strict:0",
    "sctp": f"{_PORTS} chunk-types:2",
    "set": "match-set:2 set:2 return-nomatch:0 update-counters:0 update-subcounters:0 packets-eq packets-lt "
    "packets-gt bytes-eq bytes-lt bytes-gt",
    "socket": "transparent:0 nowildcard:0 restore-skmark:0",
    "state": "state",
    "statistic": "mode probability every packet",
    "string": "algo from to string hex-string icase:0",
    "tcp": f"{_PORTS} tcp-flags:2 syn:0 tcp-option",
    "tcpmss": "mss",
    "time": "datestart datestop timestart timestop monthdays weekdays contiguous:0 kerneltz:0 utc:0 localtz:0",
    "tos": "tos",
    "ttl": "ttl-eq ttl-lt ttl-gt ttl=ttl-eq",
    "u32": "u32",
    "udp": _PORTS,
    "udplite": _PORTS,
    # targets
    "ACCEPT": "",
    "AUDIT": "type",
    "CHECKSUM": "checksum-fill:0",
    "CLASSIFY": "set-class",
    "CLUSTERIP": "new:0 hashmode clustermac total-nodes local-node hash-init",
    "CONNMARK": f"{_MARKS} save-mark:0 restore-mark:0 nfmask ctmask mask",
    "CONNSECMARK": "save:0 restore:0",
    "CT": "notrack:0 helper ctevents expevents zone-orig zone-reply zone timeout",
    "DNAT": "to-destination random:0 persistent:0",
    "DNPT": "src-pfx dst-pfx",
    "DROP": "",
    "DSCP": "set-dscp set-dscp-class",
    "ECN": "ecn-tcp-remove:0",
    "HL": "hl-set hl-dec hl-inc",
    "HMARK": "hmark-tuple hmark-mod hmark-offset hmark-src-prefix hmark-dst-prefix hmark-sport-mask hmark-dport-mask "
    "hmark-spi-mask hmark-proto-mask hmark-rnd",
    "IDLETIMER": "timeout label alarm:0",
    "LED": "led-trigger-id led-delay led-always-blink:0",
    "LOG": "log-level log-prefix log-tcp-sequence:0 log-tcp-options:0 log-ip-options:0 log-uid:0 log-macdecode:0",
    "MARK": _MARKS,
    "MASQUERADE": "to-ports random:0 random-fully:0",
    "NETMAP": "to",
    "NFLOG": "nflog-group nflog-prefix nflog-range nflog-size nflog-threshold",
    "NFQUEUE": "queue-num queue-balance queue-bypass:0 queue-cpu-fanout:0",
    "NOTRACK": "",
    "RATEEST": "rateest-name rateest-interval rateest-ewmalog",
    "REDIRECT": "to-ports random:0",
    "REJECT": "reject-with",
    "RETURN": "",
    "SECMARK": "selctx",
    "SET": "add-set:2 del-set:2 map-set:2 timeout exist:0 map-mark:0 map-prio:0 map-queue:0",
    "SNAT": "to-source random:0 random-fully:0 persistent:0",
    "SNPT": "src-pfx dst-pfx",
    "SYNPROXY": "mss wscale sack-perm:0 timestamp:0 ecn:0",
    "TCPMSS": "set-mss clamp-mss-to-pmtu:0",
    "TCPOPTSTRIP": "strip-options",
    "TEE": "gateway oif",
    "TOS": "set-tos and-tos or-tos xor-tos",
    "TPROXY": "on-port on-ip tproxy-mark",
    "TRACE": "",
    "TTL": "ttl-set ttl-dec ttl-inc",
    "ULOG": "ulog-nlgroup ulog-prefix ulog-cprange ulog-qthreshold",
}

# Protocols whose own match iptables loads when an unknown option follows `-p`.
_PROTOCOL_MATCHES = {
    "6": "tcp",
    "17": "udp",
    "1": "icmp",
    "58": "icmp6",
    "icmpv6": "icmp6",
    "ipv6-icmp": "icmp6",
    "132": "sctp",
    "33": "dccp",
    "136": "udplite",
    "50": "esp",
    "51": "ah",
    "ipv6-mh": "mh",
    "mobility-header": "mh",
}


@cache
def _forms(extension: str) -> dict[str, OptionForm]:
    """The options of a match or target by each name they may be written with; empty for one not in the table."""
    forms = {}
    for entry in _TABLE.get(extension, "").split():
        names, _, count = entry.partition(":")
        written, _, name = names.partition("=")
        forms[written] = OptionForm(name or written, None if count == "?" else int(count or 1))
    return forms


def is_extension(name: str) -> bool:
    """Whether a match (lower case) or target (upper case) of this name is known."""
    return name in _TABLE


def match_of_protocol(protocol: str) -> str:
    """The match module that `-p protocol` brings with it: `tcp` for "TCP" and "6"."""
    name = protocol.lower()
    return _PROTOCOL_MATCHES.get(name, name)


def find_option(extension: str, written: str) -> OptionForm | None:
    """The option of `extension` that `written` (without dashes) names, in full or by a beginning no other has.

    `extension` is a match module (lower case) or a target (upper case).
    """
    forms = _forms(extension)
    exact = forms.get(written)
    if exact is not None:
        return exact
    begun = {form for name, form in forms.items() if name.startswith(written)}
    return begun.pop() if len(begun) == 1 else None
