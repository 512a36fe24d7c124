"""Routes, addresses and kernel settings that the commands of a script set; interfaces: actions_links.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from netlint.build.actions_links import ifconfig_link, ip_link, ip_tuntap
from netlint.build.facts import HostFacts
from netlint.model.action import AddressChange, AddressFlush, RouteChange
from netlint.model.located import Located
from netlint.parse.shell import Command
from netlint.parse.tree import Unsupported, Word
from netlint.parse.words import cut
from netlint.prefix import Address, Prefix, netmask_length, parse_address, parse_interface, parse_prefix
from netlint.source import Span

_EVERYWHERE = {4: Prefix(4, 0, 0), 6: Prefix(6, 0, 0)}
_KINDS = ("unicast", "blackhole", "unreachable", "prohibit", "throw", "local", "broadcast", "multicast")
_OPERATIONS = {"add": "add", "append": "replace", "change": "replace", "replace": "replace", "delete": "delete"}
_PROC = "/proc/sys/"


def build_ip(command: Command, facts: HostFacts) -> None:
    """`ip route`, `ip address`, `ip link` and `ip tuntap`; what else `ip` changes is not modelled."""
    words = list(command.words[1:])
    version = 4
    while words and words[0].text.startswith("-"):
        option, value = words[0].text, words[1].text if len(words) > 1 else ""
        if option in ("-n", "-netns"):
            return  # in a namespace, which is not the host's own
        if option in ("-b", "-batch"):
            facts.unsupported(Unsupported(command.span, "ip -batch"))
            return
        valued = option in ("-f", "-family", "-rc", "-rcvbuf", "-l", "-loops")
        version = 6 if option in ("-6", "-inet6") or (valued and value == "inet6") else version
        words = words[2 if valued else 1 :]
    if not words or not words[0].text:
        return
    kind, verb = words[0].text, words[1].text if len(words) > 1 else ""
    operation = next((full for full in _OPERATIONS if verb and full.startswith(verb)), None)
    if "link".startswith(kind):
        ip_link(words[1:], command, facts)
    elif "tuntap".startswith(kind):
        ip_tuntap(words[1:], command, facts)
    elif len(verb) > 1 and "flush".startswith(verb):
        _flush(version, kind, words[2:], command, facts)
    elif operation is None:
        pass
    elif "route".startswith(kind):
        _ip_route(_OPERATIONS[operation], version, words[2:], command, facts)
    elif "address".startswith(kind):
        _ip_address(_OPERATIONS[operation], words[2:], command, facts)
    elif kind not in ("neigh", "neighbor", "neighbour", "netns", "maddr"):
        facts.unsupported(Unsupported(command.span, f"ip {kind} {operation}"))


def _flush(version: int, kind: str, words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    """`ip address flush dev eth0`; of routes, only the flush of the cache leaves all as it was."""
    if "address".startswith(kind):
        selectors = [word for word in words if word.text != "dev"]
        if len(selectors) == 1:
            _add_flush(selectors[0], 6 if version == 6 else None, command, facts)
        else:
            facts.unsupported(Unsupported(command.span, "ip address flush"))
    elif ("route".startswith(kind) and [word.text for word in words] != ["cache"]) or "rule".startswith(kind):
        facts.unsupported(Unsupported(command.span, f"ip {kind} flush"))


def _add_flush(device: Word, version: int | None, command: Command, facts: HostFacts) -> None:
    interface = Located(device.text, device.span, device.exact)
    facts.actions.append(AddressFlush(span=command.span, interface=interface, version=version, certain=command.certain))


def _ip_route(operation: str, version: int, words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    while words and words[0].text in (*_KINDS, "to"):
        words = words[1:]
    if words:
        after = _after(words[1:], "via", "dev")
        via = after.get("via")
        if via is not None and via.text in ("inet", "inet6"):
            via = next((word for word in words if word.span.start > after["via"].span.end), None)
        _add_route(operation, version, words[0], via, after.get("dev"), command, facts)


def _add_route(
    operation: str,
    version: int,
    to: Word,
    via: Word | None,
    device: Word | None,
    command: Command,
    facts: HostFacts,
    mask: Word | None = None,
) -> None:
    gateway = parse_address(via.text) if via is not None else None
    if to.text == "default":
        prefix: Prefix | None = _EVERYWHERE[gateway.version if gateway is not None else version]
    elif mask is not None:
        address, length = parse_address(to.text), netmask_length(mask.text)
        prefix = Prefix.of(address, length) if address is not None and length is not None else None
    else:
        prefix = parse_prefix(to.text)
    if prefix is None:
        if to.exact and (mask is None or mask.exact):
            facts.problem(to.span, f"{to.text} is no destination of a route")
        return
    facts.actions.append(
        RouteChange(
            span=command.span,
            operation=operation,
            prefix=Located(prefix, to.span, to.exact),
            via=Located(gateway, via.span, via.exact) if via is not None and gateway is not None else None,
            device=Located(device.text, device.span, device.exact) if device is not None else None,
            certain=command.certain,
        )
    )


def _ip_address(operation: str, words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    after = _after(words, "dev", "local")
    device = after.get("dev")
    written = after.get("local") or next((word for word in words if parse_interface(word.text) is not None), None)
    parsed = parse_interface(written.text) if written is not None else None
    if device is not None and written is not None and parsed is not None:
        _add_address(operation, device, written, parsed, command, facts)


def _add_address(
    operation: str, device: Word, written: Word, parsed: tuple[Address, int], command: Command, facts: HostFacts
) -> None:
    facts.actions.append(
        AddressChange(
            span=command.span,
            operation=operation,
            interface=Located(device.text, device.span, device.exact),
            address=Located(parsed[0], written.span, written.exact),
            length=parsed[1],
            certain=command.certain,
        )
    )


def build_route(command: Command, facts: HostFacts) -> None:
    """`route add` and `route del` of net-tools."""
    words = list(command.words[1:])
    version = 6 if any(word.text in ("inet6", "-6", "--inet6") for word in words) else 4
    words = [word for word in words if word.text not in ("-A", "inet", "inet6", "-6", "-4", "--inet6")]
    if not words or words[0].text not in ("add", "del"):
        return
    rest = [word for word in words[1:] if word.text not in ("-net", "-host")]
    if rest:
        after = _after(rest[1:], "gw", "netmask", "dev", "metric")
        device = after.get("dev")
        if device is None and len(rest) > 1 and len(rest) % 2 == 0:
            device = rest[-1]  # `dev` may be left out before the last word
        operation = "add" if words[0].text == "add" else "delete"
        _add_route(operation, version, rest[0], after.get("gw"), device, command, facts, after.get("netmask"))


def build_ifconfig(command: Command, facts: HostFacts) -> None:
    """`ifconfig docker0 172.17.1.1 netmask 255.255.255.0`; without a mask the old classes of addresses count."""
    given = command.words[1:]
    words = [word for word in given if word.text not in ("inet", "inet6", "add", "del", "-v")]
    if len(words) < 2 or words[0].text.startswith("-"):
        return
    removed = any(word.text == "del" for word in given)
    parsed = parse_interface(words[1].text)
    if words[1].text in ("0", "0.0.0.0") and not removed:
        _add_flush(words[0], 4, command, facts)
    elif parsed is not None:
        address, length = parsed
        mask = _after(words[2:], "netmask").get("netmask")
        if mask is not None:
            length = netmask_length(mask.text) or length
        elif "/" not in words[1].text and address.version == 4:
            first = int(address) >> 24
            length = 8 if first < 128 else 16 if first < 192 else 24
        _add_address("delete" if removed else "replace", words[0], words[1], (address, length), command, facts)
    ifconfig_link(words, command, facts, address=parsed is not None and parsed[0].version == 4 and not removed)


def build_sysctl(command: Command, facts: HostFacts) -> None:
    """`sysctl -w key=value`, and `sysctl key=value`."""
    for word in command.words[1:]:
        key, equals, value = word.text.partition("=")
        if equals and not key.startswith("-"):
            part = cut(word, len(key) + 1)
            set_sysctl(key.strip(), value.strip().strip("\"'"), part.span, command.certain and word.exact, facts)


def build_echo(command: Command, facts: HostFacts) -> None:
    """`echo 1 > /proc/sys/net/ipv4/ip_forward`, and the same through `tee`."""
    writer = command.input if command.program == "tee" else command
    if writer is None or writer.program not in ("echo", "printf"):
        return
    values = [word for word in writer.words[1:] if not (word.text.startswith("-") and word.text.lstrip("-n") == "")]
    targets = [redirect.target for redirect in command.redirects if redirect.operator.startswith(">")]
    if command.program == "tee":
        targets += [word for word in command.words[1:] if not word.text.startswith("-")]
    for target in targets:
        if target.text.startswith(_PROC) and values:
            exact = command.certain and target.exact and all(word.exact for word in values)
            value = " ".join(word.text for word in values).removesuffix("\\n")
            set_sysctl(target.text.removeprefix(_PROC), value, values[0].span.to(values[-1].span), exact, facts)


def set_sysctl(key: str, value: str, span: Span, exact: bool, facts: HostFacts) -> None:
    """Scripts run after the files that are read at boot, and before a listing of the running kernel was made."""
    if "/" in key:  # dots of an interface's name stand for themselves then, and are written as slashes with dots
        key = key.translate(str.maketrans("./", "/."))
    settings = facts.sysctls if facts.sysctls is not None else []
    before = [
        at for at, (_, set_) in enumerate(settings, 1) if set_.span.source.endswith((".conf", ".sh", span.source))
    ]
    at = before[-1] if before else 0
    settings.insert(at, (key, Located(value, span, exact)))
    facts.sysctls = settings


def _after(words: Sequence[Word], *names: str) -> dict[str, Word]:
    """The word after each of `names`."""
    return {name.text: value for name, value in pairwise(words) if name.text in names}
