"""Interfaces that the commands of a script make and change: `ip link`, `ip tuntap`, `brctl`, `bridge`, `ifconfig`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from netlint.build.facts import HostFacts
from netlint.model.action import LinkChange
from netlint.model.located import Located
from netlint.parse.shell import Command
from netlint.parse.tree import Unsupported, Word

Change = tuple[str, Located[str]]

# Words of `ip link add` and `set` before `type` (iproute2 6.12, ip/iplink.c): those that stand alone, those with a
# value, and of these the ones that the model has, by its names.
_ALONE = {"up": ("state", "up"), "down": ("state", "down"), "nomaster": ("master", ""), "novrf": ("master", "")}
_VALUED = frozenset(
    """link address mtu netns master vrf name index broadcast brd txqueuelen qlen txqlen group numtxqueues numrxqueues
    gso_max_size gso_max_segs gso_ipv4_max_size gro_max_size gro_ipv4_max_size tso_max_size tso_max_segs alias operstate
    multicast allmulticast promisc trailers arp carrier dynamic protodown protodown_reason mode addrgenmode
    link-netnsid link-netns""".split()
)
_MODEL = {
    "link": "link",
    "address": "mac",
    "mtu": "mtu",
    "netns": "netns",
    "master": "master",
    "vrf": "master",
    "name": "name",
}
# What `ip -d link` shows of a kind, by the words that set it (iplink_vxlan.c, iplink_vlan.c, iplink_macvlan.c, …).
_KIND_OPTIONS = {
    "id": "id",
    "vni": "id",
    "local": "local",
    "remote": "remote",
    "dev": "dev",
    "dstport": "dstport",
    "mode": "mode",
    "protocol": "protocol",
}
# Settings of bridges and of their ports that decide who reaches whom and have no model, by the values that do nothing.
_REACH = {
    **dict.fromkeys(("vlan_filtering", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables"), ("0",)),
    **dict.fromkeys(
        ("isolated", "hairpin", "locked", "guard", "vlan_tunnel", "neigh_suppress", "proxy_arp"), ("off", "0")
    ),
    **dict.fromkeys(("learning", "flood"), ("on", "1")),
    "vlan_default_pvid": ("1",),
}
_VXLAN_PORT = "8472"  # the kernel's own, where no dstport is said (drivers/net/vxlan)
_VERBS = {"add": "add", "set": "set", "change": "set", "replace": "add", "delete": "delete"}
_BRCTL_SILENT = frozenset(
    """show showmacs showstp setageing setbridgeprio setfd sethello setmaxage setpathcost setportprio stp setgcint
    setmcqi setmcqri setmcqpi setmclmc setmclmi setmcsqi setmcsqc setmcmi setmcrouter setmcsnoop sethashel sethashmax
    garp_ebl setmcquerier""".split()
)


def ip_link(words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    """What follows `ip link`; what only shows is of no account."""
    verb = words[0].text if words else ""
    operation = next((meant for full, meant in _VERBS.items() if verb and full.startswith(verb)), None)
    if operation is None:
        return
    rest = _Rest(words[1:])
    changes = list(rest.link(operation == "set"))
    if rest.name is None or rest.unknown is not None:
        odd = "" if rest.unknown is None else f" {rest.unknown.text}"
        facts.unsupported(Unsupported(command.span, f"ip link {operation}{odd}"))
        return
    for setting, value in rest.reach():
        facts.unsupported(
            Unsupported(setting.span.to(value.span), f"ip link {operation} … {setting.text} {value.text}")
        )
    kind, options = (rest.kind.text, rest.options()) if rest.kind is not None and operation == "add" else (None, ())
    if operation == "delete":
        changes = []
    peer = rest.peer() if kind in ("veth", "netkit", "vxcan") else None
    if peer is not None and peer.name is not None:
        far = [*peer.changes, ("link", _located(rest.name))]
        changes.append(("link", _located(peer.name)))
        _add("add", peer.name, command, facts, far, kind)
    if kind == "vxlan" and rest.kind is not None and not any(name in ("dstport", "external") for name, _ in options):
        options = (*options, ("dstport", Located(_VXLAN_PORT, rest.kind.span)))
    _add(operation, rest.name, command, facts, changes, kind, options)


class _Rest:
    """The words of `ip link add` or `set`, as iplink_parse() takes them."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = list(words)
        self.name: Word | None = None
        self.kind: Word | None = None
        self.unknown: Word | None = None
        self.changes: list[Change] = []
        self.at = 0

    def link(self, by_device: bool) -> list[Change]:
        """The changes up to `type`. `by_device`: `name` gives a new name, and does not say which interface."""
        words = self.words
        while self.at < len(words):
            word = words[self.at]
            value = words[self.at + 1] if self.at + 1 < len(words) else None
            self.at += 1
            if word.text == "type":
                self.kind = value
                self.at += 1
                break
            if word.text in _ALONE:
                name, text = _ALONE[word.text]
                self.changes.append((name, Located(text, word.span)))
            elif word.text == "dev" or (word.text == "name" and not by_device):
                self.name, self.at = value, self.at + 1
            elif word.text in _VALUED:
                if value is not None and word.text in _MODEL:
                    self.changes.append((_MODEL[word.text], _located(value)))
                self.at += 1
            elif self.name is None and word.text != "group":
                self.name = word
            else:
                self.unknown = word
                break
        return self.changes

    def options(self) -> tuple[Change, ...]:
        """Those of the kind, from the words behind it."""
        found: list[Change] = []
        for word, value in zip(self.words[self.at :], [*self.words[self.at + 1 :], None], strict=False):
            if word.text == "external":
                found.append((word.text, _located(word)))
            elif value is not None and word.text in _KIND_OPTIONS:
                found.append((_KIND_OPTIONS[word.text], _located(value)))
        return tuple(found)

    def reach(self) -> Iterator[tuple[Word, Word]]:
        """Settings of bridges and ports that change who reaches whom."""
        if self.kind is not None and self.kind.text in ("bridge", "bridge_slave"):
            for word, value in pairwise(self.words[self.at :]):
                if word.text in _REACH and value.text not in _REACH[word.text]:
                    yield word, value

    def peer(self) -> _Rest | None:
        """The other end of a pair: `peer name veth1 …`."""
        at = next((at for at, word in enumerate(self.words[self.at :], self.at) if word.text == "peer"), None)
        if at is None:
            return None
        other = _Rest(self.words[at + 1 :])
        other.link(False)
        return other


def ip_tuntap(words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    """`ip tuntap add dev tap0 mode tap`."""
    verb = words[0].text if words else ""
    operation = next((full for full in ("add", "delete") if verb and full.startswith(verb)), None)
    texts = [word.text for word in words]
    named = words[texts.index("dev") + 1 :] if "dev" in texts else words[1:]
    if operation is not None and named and named[0].text not in ("mode", "user", "group"):
        _add(operation, named[0], command, facts, kind="tun" if operation == "add" else None)


def build_brctl(command: Command, facts: HostFacts) -> None:
    """`brctl addbr`, `delbr`, `addif` and `delif`; timers and costs of spanning tree have no model."""
    words = command.words[1:]
    match [word.text for word in words]:
        case ["addbr", _]:
            _add("add", words[1], command, facts, kind="bridge")
        case ["delbr", _]:
            _add("delete", words[1], command, facts)
        case ["addif", _, _, *_]:
            for port in words[2:]:
                _add("set", port, command, facts, [("master", _located(words[1]))])
        case ["delif", _, _, *_]:
            for port in words[2:]:
                _add("set", port, command, facts, [("master", Located("", port.span, port.exact))])
        case [] | [""]:
            pass
        case [verb, *_] if verb in _BRCTL_SILENT or verb.startswith("-"):
            pass
        case [verb, *_]:
            facts.unsupported(Unsupported(command.span, f"brctl {verb}"))


def build_bridge(command: Command, facts: HostFacts) -> None:
    """`bridge` of iproute2: its entries and the settings of ports have no model."""
    texts = [word.text for word in command.words[1:] if not word.text.startswith("-")]
    match texts:
        case [what, verb, *_] if not verb.startswith(("s", "l", "h", "g")) or (what.startswith("l") and verb == "set"):
            facts.unsupported(Unsupported(command.span, f"bridge {what} {verb}"))
        case _:
            pass


def ifconfig_link(words: Sequence[Word], command: Command, facts: HostFacts, *, address: bool) -> None:
    """What `ifconfig` sets beside addresses; `words` begin with the interface. An `address` switches it on too."""
    changes: list[Change] = []
    for word, value in zip(words[1:], [*words[2:], None], strict=True):
        if word.text in ("up", "down"):
            changes.append(("state", _located(word)))
        elif value is not None and word.text == "mtu":
            changes.append(("mtu", _located(value)))
    if address and not any(name == "state" for name, _ in changes):
        changes.append(("state", Located("up", words[0].span)))
    if changes and ":" not in words[0].text:
        _add("set", words[0], command, facts, changes)


def _add(
    operation: str,
    name: Word,
    command: Command,
    facts: HostFacts,
    changes: Sequence[Change] = (),
    kind: str | None = None,
    options: Sequence[Change] = (),
) -> None:
    facts.actions.append(
        LinkChange(
            span=command.span,
            operation=operation,
            interface=_located(name),
            kind=kind,
            changes=tuple(changes),
            options=tuple(one for one in options if one[0] != "external"),
            certain=command.certain,
        )
    )


def _located(word: Word) -> Located[str]:
    return Located(word.text, word.span, word.exact)
