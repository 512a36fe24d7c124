"""What a command line or a file's name says of the listing that it stands for."""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.pattern import pattern

# `[root@host ~]# …`, `user@host:~$ …`, `$ …`, `node1# …`, and the `# …` that scripts print above each output
PROMPT = pattern(
    r"\s*(?:\[[^\]\n]*\]\s*[#$]|[\w.-]+@[^\s#$]*(?:\s[^\s#$]+)?\s*[#$>]|[\w.-]*[#$]|>|#==\[)[ \t]*(?P<command>\S.*)"
)

# Names of objects of ip(8), which takes any prefix of them.
_IP_OBJECTS = {"address": "ip-addr", "link": "ip-addr", "route": "ip-route", "rule": "ip-rule", "neighbour": "ip-neigh"}
_IP_ORDER = ("address", "link", "route", "rule", "neighbour")  # `r` is route, `a` address: the first that fits
_JSON = {
    "ip-route": "ip-route-json",
    "ip-addr": "ip-addr-json",
    "nft": "nft-json",
    "docker-info": "docker-info-json",
    "docker-version": "docker-version-json",
}
_DOCKER = (
    (r"network (ls|list)\b", "docker-network-ls"),
    (r"network inspect\b", "docker-network-inspect"),
    (r"(system )?info\b", "docker-info"),
    (r"(version|--version|-v)\b", "docker-version"),
    (r"((container )?(ps|ls|list)|compose ps)\b", "docker-ps"),
    (r"((container )?inspect)\b", "docker-inspect"),
    (r"(container )?port\b", "docker-port"),
    (r"(service|node|stack) (ls|ps|inspect|services)\b", "docker-service"),
)
_OTHERS = (
    (r"ip6?tables(-legacy|-nft)?-save\b", "iptables-save"),
    (r"ip6?tables\b.* (-S|--list-rules)\b", "iptables-S"),
    (r"ip6?tables\b.* (-[a-zA-Z]*L[a-zA-Z]*|--list)\b", "iptables-L"),
    (r"nft\b.*\blist\b", "nft"),
    (r"ipset (save|list)\b", "ipset"),
    (r"netstat\b.* -\w*r", "route-n"),
    (r"route( -\w+)*$", "route-n"),
    (r"(netstat|ss)( -\w+)*( .*\|.*)?$", "listeners"),
    (r"ifconfig( -\w+)*( [\w.@-]+)?$", "ifconfig"),
    (r"brctl show", "brctl"),
    (r"bridge( -\w+)* (link|fdb|vlan|mdb)\b", "bridge"),
    (r"arp( -\w+)*$", "arp"),
    (r"ethtool( -\w+)* [\w.@-]+$", "ethtool"),
    (r"sysctl( -\w+)*( [\w.-]+)*( \|.*)?$", "sysctl"),
    (r"firewall-cmd\b.*--list-all", "firewalld-list"),
    (r"ufw status\b", "ufw"),
    (r"systemctl cat\b", "systemd-unit"),
    (r"(cat|less|more|vi|vim|nano) .*resolv\.conf\b", "resolv-conf"),
    (r"resolvectl( status| dns)?\b|systemd-resolve --status\b", "resolvectl"),
    (r"nmcli (-\S+ )*(d|dev|device) sh(o|ow)?\b", "nmcli"),
    (r"(cat|less|more|vi|vim|nano) .*(default|sysconfig)/docker\b", "docker-defaults"),
    (r"(cat|less|more|vi|vim|nano) .*\.(service|socket)\b", "systemd-unit"),
    (r"(dockerd(-current)?|docker daemon|docker -d) -", "dockerd-command"),
)
_TOOLS = frozenset(
    """ip iptables ip6tables iptables-save ip6tables-save iptables-legacy-save iptables-nft-save ip6tables-legacy-save
    ip6tables-nft-save firewall-cmd ufw nft ipset netstat route ss ifconfig brctl bridge arp ethtool sysctl systemctl
    cat less more vi vim nano dockerd dockerd-current docker podman nerdctl nsenter sudo env""".split()
)
_INSIDE = pattern(
    r"(?:ip (?:-\w+ )*netns exec (?P<netns>\S+)|nsenter (?P<nsenter>.*?)(?= (?:ip|ip6?tables\S*|nft|ss|sysctl)\b)"
    r"|docker (?:container )?exec (?:-\S+ )*(?P<container>\S+)) +(?P<command>.+)"
)


class Command(Struct, frozen=True):
    """The format of a command's output, and the network namespace it ran in (None: the host's)."""

    format: str
    namespace: str | None = None


def command_format(line: str) -> Command | None:
    """What the output of the command line `line` is; None for a command that netlint knows nothing of."""
    line = " ".join(line.split())
    if line.partition(" ")[0].rpartition("/")[2] not in _TOOLS:
        return None
    line = re.sub(r"^(?:(?:sudo(?: -\S+)*|env \S+=\S+) )+", "", line)
    line = re.sub(r"^/(?:[\w.-]+/)*", "", line)
    inside = _INSIDE.match(line)
    if inside is not None:
        found = command_format(inside["command"])
        where = inside["netns"] or inside["container"] or "nsenter " + inside["nsenter"]
        return None if found is None else Command(found.format, where)
    tool, _, rest = line.partition(" ")
    if tool == "ip":
        return _ip(rest.split())
    if tool in ("docker", "podman", "nerdctl"):
        rest = re.sub(r"^(?:(?:-H|--host|--context|-c)[ =]\S+ )+", "", rest)
        for pattern, name in _DOCKER:
            if re.match(pattern, rest):
                shaped = re.search(r" (?:--format|-f)[ =]['\"]?(json\b|\{\{ ?json \. ?\}\})?", rest)
                if shaped is None:
                    return Command(name)
                return Command(_JSON.get(name, name)) if shaped[1] else None
    for pattern, name in _OTHERS:
        if re.match(pattern, line):
            return Command("nft-json" if name == "nft" and re.search(r" -\w*j", line) else name)
    return None


def _ip(words: list[str]) -> Command | None:
    options = [word for word in words if word.startswith("-")]
    plain = [word for word in words if not word.startswith("-")]
    target = next((name for name in _IP_ORDER if plain and name.startswith(plain[0])), None)
    if target is None or {"add", "del", "set", "replace", "flush", "change"} & set(plain[1:2]):
        return None
    name = _IP_OBJECTS[target]
    if any(re.fullmatch(r"--?(j|json|js|jso)", option) for option in options):
        name = _JSON.get(name, name)
    elif name == "ip-addr" and any(re.fullmatch(r"--?(br|brief|bri|brie)", option) for option in options):
        name = "ip-addr-brief"
    return Command(name)


# File names are the command with other separators: `ip-route.txt`, sosreport's `ip_-o_addr`.
_TOOL_WORD = r"(?:ip|ip6?tables|nft|ss|netstat|sysctl|route|arp|ifconfig|bridge|brctl|ethtool|cat|ipvsadm|resolv)"
_NAMESPACE = pattern(
    rf"(?:ip[-_]netns[-_]exec[-_](?P<netns>.+?)"
    rf"|(?P<prefix>(?:ingress[-_]sbox|lb[-_]\w+?|overlayns|netns|nsenter|docker[-_]exec|container)(?:[-_].+?)?))"
    rf"[-_](?={_TOOL_WORD}(?:[-_.]|\d|$))"
)
_NAMESPACE_DIR = pattern(r"(?:^|/)(?:containers|namespaces)/([^/]+)/(?:.*/)?[^/]+$")
# What OpenStack calls the namespaces of its routers, DHCP servers and the like: the kind and the id.
_OPENSTACK = pattern(r"\b(?:qrouter|qdhcp|snat|fip|qlbaas|ovnmeta)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Texts one of which stands in whatever the expression fits, the expression, and the format.
FIXED_NAMES = (
    (("daemon.json",), r"(docker-?)?daemon\.json(\.j2|\.tmpl|\.example)?", "daemon-json"),
    (("resolv.conf",), r"(?:stub-)?resolv\.conf.*", "resolv-conf"),
    (("net-conf.json",), r"net-conf\.json", "flannel"),
    (("jail.",), r"jail\.(local|conf)", "fail2ban"),
    (
        ("iptables", "rules.v"),
        r"iptables[-_.]?(rules|v[46]|dump|export)?(\.(rules|txt|v[46]|dump))?|rules\.v[46]",
        "iptables-save",
    ),
    (("network",), r"(docker-)?networks?-inspect.*\.json|networks\.json", "docker-network-inspect"),
    (("route",), r"ip-?(6-)?routes?\b.*|routes?\.txt", "ip-route"),
    (("addr", "link"), r"ip-?(6-)?(addr|link)s?\b.*|addrs?\.txt", "ip-addr"),
    (("version",), r"(docker-)?versions?\.txt", "docker-version"),
)
_OF_NAMESPACES = ("netns", "ingress", "lb", "overlayns", "nsenter", "exec", "container")


def name_format(path: str) -> str | None:
    """The format that a file's name stands for, when its content does not say (an empty listing, `{}`)."""
    folder, _, name = path.lower().rpartition("/")
    for texts, expression, found in FIXED_NAMES:
        if any(text in name for text in texts) and re.fullmatch(expression, name):
            if name.endswith(".json") and found in _JSON:
                return _JSON[found]
            return None if found == "docker-version" and "version" in name and "docker" not in folder + name else found
    stem = re.sub(r"\.(txt|out|log|json|dump|lst)$", "", name)
    if any(text in stem for text in _OF_NAMESPACES):
        stem = _NAMESPACE.sub("", stem, count=1)
    words = re.split(r"[_.\s]+|(?<![_.\s])-", stem)
    if next(filter(None, words), "") not in _TOOLS:
        return None
    options = [
        f"-{word}" if index and re.fullmatch(r"[a-z0-9]|br|rn|an|[nv]*l[nv]*", word) else word
        for index, word in enumerate(words)
    ]
    line = re.sub(r"tables save\b", "tables-save", " ".join(options))
    if words[0] in ("iptables", "ip6tables"):  # the only ones whose options differ by case
        line = re.sub(r" -\w*[ls]", lambda found: found.group().replace("l", "L").replace("s", "S"), line)
    command = command_format(line)
    if command is None:
        return None
    return _JSON.get(command.format, command.format) if name.endswith(".json") else command.format


def path_namespace(path: str) -> str | None:
    """The container or network namespace that a path says its listing belongs to; None for the host's own."""
    found = _NAMESPACE_DIR.search(path)
    if found is not None:
        return found[1]
    name = path.rpartition("/")[2]
    match = _NAMESPACE.match(name)
    if match is not None:
        return match["netns"] or match["prefix"]
    found = _OPENSTACK.search(name) if name.count("-") > 4 else None
    return None if found is None else found[0]
