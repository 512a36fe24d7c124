"""Which program writes a firewall rule, by the names of its chains and the forms of its rules.

Names and forms as in: libnetwork's bridge driver (Docker 17.06 to 28), kube-proxy, Calico's Felix, CNI plug-ins,
flannel, weave, libvirt, OpenStack, OpenWrt, firewalld, ufw.
"""

from __future__ import annotations

import re

from netlint.model.netfilter import FirewallRule, Table

_CHAINS = (
    ("Docker", r"DOCKER(?!-USER$)(-.*)?"),
    ("kube-proxy", r"KUBE-.*"),
    ("Calico", r"(cali|felix)-.*"),
    ("a CNI plug-in", r"CNI-.*|FLANNEL-.*|NETAVARK.*"),
    ("weave", r"WEAVE.*"),
    ("libvirt", r"LIBVIRT_.*"),
    ("OpenStack", r"(neutron|nova)-.*"),
    ("OpenWrt", r"zone_.*|((in|out)put|forwarding|(pre|post)routing)(_\w+)?_rule|syn_flood|delegate_\w+|mssfix"),
    ("firewalld", r"[A-Z]+_((IN|OUT)_)?(ZONES|direct|POLICIES).*|(IN|FWDI|FWDO|FWD|PRE|POST|OUT)_\w+"),
    ("ufw", r"ufw6?-(?!user-).*"),
)  # fmt: skip
# Tables of nftables that one program writes whole: firewalld's, those of libnetwork's nftables back end, which
# engines from 29 on have, of fail2ban's nftables-multiport, of netavark and of libvirt.
_TABLES = (
    ("firewalld", r"(?:\w+ )?firewalld(?:_policy_drop)?"),
    ("Docker", r"(?:\w+ )?docker-bridges"),
    ("fail2ban", r"(?:\w+ )?f2b-table"),
    ("kube-proxy", r"(?:\w+ )?kube-proxy"),
    ("a CNI plug-in", r"(?:\w+ )?netavark"),
    ("libvirt", r"(?:\w+ )?libvirt_network"),
)
# Chains that are there for the user's own rules.
_OPEN = r"DOCKER-USER|ufw6?-user-(input|output|forward)"
_BRIDGE = r"docker0|docker_gwbridge|br-[0-9a-f]{12}"


def maker(table: Table, chain: str, rule: FirewallRule) -> str | None:
    """The program that wrote a rule, as far as that shows; None for one that may be somebody's own."""
    whole = next((program for program, pattern in _TABLES if re.fullmatch(pattern, table.name)), None)
    if whole is not None:
        return whole
    if re.fullmatch(_OPEN, chain):
        return _returning(chain, rule)
    own = chain_maker(chain) or (chain_maker(rule.target or "") if rule.target in table.chains else None)
    if own is not None:
        return own
    if rule.target is not None and re.fullmatch(_OPEN, rule.target):
        return "Docker" if rule.target == "DOCKER-USER" else "ufw"
    comment = rule.comment or ""
    if comment.startswith("cali:"):
        return "Calico"
    if comment.startswith("kubernetes ") or "flanneld" in comment:
        return "kube-proxy" if comment.startswith("kubernetes ") else "a CNI plug-in"
    return "Docker" if _docker_form(table.name, chain, rule) else None


def chain_maker(name: str) -> str | None:
    """The program that makes a chain of this name and writes its rules."""
    return next((program for program, pattern in _CHAINS if re.fullmatch(pattern, name)), None)


def _returning(chain: str, rule: FirewallRule) -> str | None:
    """The rule that Docker ends its chain for users with."""
    return "Docker" if chain == "DOCKER-USER" and rule.target == "RETURN" and rule.unconditional else None


def _docker_form(table: str, chain: str, rule: FirewallRule) -> bool:
    """Whether a rule of a built-in chain has the form of one that Docker writes for a network."""
    out, into = rule.out_interface, rule.in_interface
    if table == "filter" and chain == "FORWARD":
        if rule.source is not None or rule.destination is not None or rule.protocol is not None or out is None:
            return False
        established = into is None and rule.match("ctstate") is not None and len(rule.matches) == 1
        within = into is not None and into.name == out.name and not into.negated and not rule.matches
        return re.fullmatch(_BRIDGE, out.name) is not None and (established or within)
    if table == "nat" and chain == "POSTROUTING" and rule.target == "MASQUERADE" and rule.source is not None:
        hairpin = rule.source == rule.destination and rule.source.prefix.is_host and not rule.source.negated
        left_out = out is not None and out.negated and re.fullmatch(_BRIDGE, out.name) is not None
        return hairpin or (left_out and rule.destination is None)
    return False
