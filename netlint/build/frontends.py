"""firewalld, ufw and fail2ban, from their files and from what their commands print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import PortRange
from netlint.model.frontends import Firewalld, Jail, PortRule, Ufw, Zone
from netlint.model.located import Located
from netlint.parse.firewalld_list import ListedZone
from netlint.parse.ini import Section, Setting
from netlint.parse.tree import Unsupported, Word
from netlint.parse.ufw import UfwFile, UfwRow
from netlint.parse.xml_tree import Element
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Span

# Names of /etc/services that people use in rules; firewalld's services of the same meaning.
_SERVICES = {
    "ssh": 22, "smtp": 25, "domain": 53, "dns": 53, "http": 80, "www": 80, "nginx http": 80, "pop3": 110, "imap": 143,
    "ldap": 389, "https": 443, "nginx https": 443, "submission": 587, "imaps": 993, "pop3s": 995, "mysql": 3306,
    "postgresql": 5432, "redis": 6379, "openssh": 22, "mongodb": 27017, "elasticsearch": 9200, "grafana": 3000,
    "prometheus": 9090, "apache": 80, "apache secure": 443, "www secure": 443,
}  # fmt: skip
_WEB_PROFILES = ("nginx full", "apache full", "www full")  # of ufw, for both ports
_RICH_PORT = re.compile(r'port port="(?P<port>[\d-]+)" protocol="(?P<protocol>\w+)"')
_RICH_SERVICE = re.compile(r'service name="(?P<name>[\w-]+)"')
_RICH_SOURCE = re.compile(r'source (?P<not>NOT )?address="(?P<address>[^"]+)"', re.IGNORECASE)


def port_ranges(text: str) -> tuple[PortRange, ...] | None:
    """`80,443`, `6000:6007`, `6000-6007` or a name; None for what is not known."""
    found = []
    for part in text.split(","):
        name = part.strip().lower()
        first, _, last = re.sub(r"[:-]", " ", name).partition(" ") if name[:1].isdigit() else (name, "", "")
        if first.isdecimal() and (not last or last.isdecimal()):
            ports = PortRange(int(first), int(last or first))
        elif name in _SERVICES:
            ports = PortRange(_SERVICES[name], _SERVICES[name])
        elif name in _WEB_PROFILES:
            found.append(PortRange(80, 80))
            ports = PortRange(443, 443)
        else:
            return None
        if not 0 < ports.first <= ports.last < 65536:
            return None
        found.append(ports)
    return tuple(found)


def build_firewalld(files: list[Parsed], facts: HostFacts) -> None:
    """Add the zones; those in /etc replace the packaged ones of /usr/lib."""
    zones: dict[tuple[str, bool], Zone] = {}
    settings: list[tuple[str, Located[str]]] = []
    for file in sorted(files, key=lambda file: ("usr/lib/" not in file.source.path, file.source.path)):
        if file.format == "firewalld-conf":
            for section in file.tree:
                settings += ((one.key.text, Located(one.value.text, one.value.span)) for one in section.settings)
        elif file.format == "firewalld-list":
            for listed in file.tree:
                zone = _listed(listed)
                zones[zone.name, False] = zone
        elif file.tree is not None and file.tree.name == "zone":
            zone = _zone(file.tree, PurePosixPath(file.source.path).stem)
            zones[zone.name, True] = zone
        elif file.tree is not None:
            facts.unsupported(Unsupported(file.tree.span, f"firewalld {file.tree.name}"))
    if files:
        known = facts.firewalld or Firewalld(span=files[0].source.span(0, 0))  # what scripts say
        facts.firewalld = Firewalld(
            span=known.span, zones=(*zones.values(), *known.zones), settings=(*settings, *known.settings)
        )


def _located(word: Word) -> Located[str]:
    return Located(word.text, word.span)


def _zone(root: Element, name: str) -> Zone:
    target = root.attributes.get("target")
    sources = [one.attributes.get("address") for one in root.all("source")]
    interfaces = [one.attributes.get("name") for one in root.all("interface")]
    return Zone(
        name=name,
        span=root.span,
        target=_located(target) if target is not None else None,
        interfaces=tuple(_located(word) for word in interfaces if word is not None),
        sources=tuple(_located(word) for word in sources if word is not None),
        rules=tuple(_zone_rules(root)),
    )


def _zone_rules(root: Element) -> Iterator[PortRule]:
    for child in root.children:
        if child.name in ("port", "service"):
            rule = _port_rule(child, "allow", child.span)
            if rule is not None:
                yield rule
        elif child.name == "rule":
            action = next((one for one in ("accept", "reject", "drop") if any(child.all(one))), None)
            subject = next((one for one in child.children if one.name in ("port", "service")), None)
            source = next(child.all("source"), None)
            if action is None or (source is not None and source.attribute("invert") in ("true", "True", "yes")):
                continue
            verdict = {"accept": "allow", "drop": "deny"}.get(action, action)
            prefix = parse_prefix(source.attribute("address") or "") if source is not None else None
            if source is not None and prefix is None:
                continue
            if subject is None:
                yield PortRule(span=child.span, action=verdict, source=prefix)
                continue
            rule = _port_rule(subject, verdict, child.span, prefix)
            if rule is not None:
                yield rule


def _port_rule(child: Element, action: str, span: Span, source: Prefix | None = None) -> PortRule | None:
    text = child.attribute("port") if child.name == "port" else child.attribute("name")
    ports = port_ranges(text or "")
    if ports is None:
        return None
    return PortRule(span=span, action=action, ports=ports, protocol=child.attribute("protocol"), source=source)


def _listed(listed: ListedZone) -> Zone:
    values = listed.values
    target = next(iter(values.get("target", ())), None)
    rules: list[PortRule] = []
    for word in values.get("ports", ()):
        for part in word.text.split():
            text, _, protocol = part.partition("/")
            ports = port_ranges(text)
            if ports is not None:
                rules.append(PortRule(span=word.span, action="allow", ports=ports, protocol=protocol or None))
    for word in values.get("services", ()):
        for name in word.text.split():
            ports = port_ranges(name)
            if ports is not None:
                rules.append(PortRule(span=word.span, action="allow", ports=ports))
    rules += (rule for word in values.get("rich rules", ()) for rule in _rich(word))
    return Zone(
        name=listed.name.text,
        span=listed.name.span,
        target=_located(target) if target is not None and target.text != "default" else None,
        interfaces=tuple(_split(values.get("interfaces", ()))),
        sources=tuple(_split(values.get("sources", ()))),
        rules=tuple(rules),
        permanent=False,
        active=listed.active,
    )


def _split(words: Iterable[Word]) -> Iterator[Located[str]]:
    for word in words:
        for found in re.finditer(r"\S+", word.text):
            yield Located(found.group(), word.part(found.start(), found.end()))


def _rich(word: Word) -> Iterator[PortRule]:
    action = re.search(r"\b(accept|reject|drop)\b", word.text)
    port, service = _RICH_PORT.search(word.text), _RICH_SERVICE.search(word.text)
    source = _RICH_SOURCE.search(word.text)
    prefix = parse_prefix(source["address"]) if source is not None else None
    if action is None or (re.search(r"\bsource\b", word.text) and (source is None or source["not"] or prefix is None)):
        return
    ports = (
        port_ranges(port["port"]) if port is not None else port_ranges(service["name"]) if service is not None else ()
    )
    if ports is not None:
        yield PortRule(
            span=word.span,
            action={"accept": "allow", "drop": "deny"}.get(action[0], action[0]),
            ports=ports,
            protocol=port["protocol"] if port is not None else None,
            source=prefix,
        )


def build_ufw(files: list[Parsed], facts: HostFacts) -> None:
    """Add what the files and `ufw status` say; the running state counts more than ENABLED."""
    known = facts.ufw  # what scripts say
    enabled = known.enabled if known is not None else None
    incoming = known.incoming if known is not None else None
    routed = known.routed if known is not None else None
    rules: list[PortRule] = list(known.rules) if known is not None else []
    for_docker = False
    for file in sorted(files, key=lambda file: "status" in file.tree.settings):
        tree: UfwFile = file.tree
        for_docker = for_docker or tree.for_docker
        for key, yes in (("ENABLED", "yes"), ("status", "active")):
            if key in tree.settings:
                word = tree.settings[key]
                enabled = Located(word.text.lower() == yes, word.span)
        incoming = _policy(tree, "DEFAULT_INPUT_POLICY", "incoming") or incoming
        routed = _policy(tree, "DEFAULT_FORWARD_POLICY", "routed") or routed
        rules += (rule for row in tree.rows if (rule := _ufw_rule(row)) is not None)
    if files:
        facts.ufw = Ufw(
            span=files[0].source.span(0, 0),
            enabled=enabled,
            incoming=incoming,
            routed=routed,
            rules=tuple(rules),
            for_docker=for_docker,
        )


def _policy(tree: UfwFile, *keys: str) -> Located[str] | None:
    """What becomes of packets that no rule is for, in the words of `ufw status`: by the last of the keys."""
    words = [tree.settings[key] for key in keys if key in tree.settings]
    if not words:
        return None
    text = words[-1].text.lower()
    return Located({"drop": "deny", "accept": "allow"}.get(text, text), words[-1].span)


def _ufw_rule(row: UfwRow) -> PortRule | None:
    anywhere = row.source.lower().startswith("anywhere") or row.source in ("0.0.0.0/0", "::/0")
    source = None if anywhere else parse_prefix(row.source.partition(" ")[0])
    # `10.0.0.5 80/tcp`: a rule for one address of the host
    words = row.to.split()
    address = len(words) > 1 and parse_prefix(words[0]) is not None
    text = " ".join(words[1:]) if address else row.to
    ports = port_ranges(text) if text else ()
    if row.outgoing or ports is None or (source is None and not anywhere):
        return None
    if row.limited and not ports:  # `Anywhere on docker0`: for what comes from there alone
        return None
    return PortRule(
        span=row.span.span,
        action=row.action,
        ports=ports,
        protocol=row.protocol,
        source=source,
        routed=row.routed,
    )


def build_fail2ban(files: list[Parsed], facts: HostFacts) -> None:
    """Add the jails that are switched on, from all files in the order in which fail2ban reads them."""
    defaults: dict[str, Setting] = {}
    jails: dict[str, dict[str, Setting]] = {}
    names: dict[str, Word] = {}
    for file in sorted(files, key=lambda file: _file_order(file.source.path)):
        sections: list[Section] = file.tree
        for section in sections:
            if section.name is None or section.name.text == "INCLUDES":
                continue
            target = defaults if section.name.text == "DEFAULT" else jails.setdefault(section.name.text, {})
            target |= {setting.key.text.lower(): setting for setting in section.settings}
            names.setdefault(section.name.text, section.name)
    for name, own in jails.items():
        jail = _jail(name, names[name], defaults | own, own)
        if jail is not None:
            facts.jails.append(jail)


def _file_order(path: str) -> tuple[int, str]:
    name = path.rpartition("/")[2]
    folder = "jail.d/" in path
    return (name.endswith(".local") * 2 + folder, name)


def _jail(name: str, at: Word, settings: dict[str, Setting], own: dict[str, Setting]) -> Jail | None:
    enabled = settings.get("enabled")
    if enabled is None or enabled.value.text.lower() not in ("true", "yes", "on", "1"):
        return None
    action = " ".join(word.text for word in settings["action"].values) if "action" in own else ""
    ban = action or (settings["banaction"].value.text if "banaction" in settings else "iptables-multiport")
    ban = ban.replace("%(banaction)s", settings["banaction"].value.text if "banaction" in settings else "")
    if not re.search(r"iptables|nftables|%\(action", ban):
        return None  # ufw, firewallcmd, cloudflare, mails: no rule of a chain
    stated = re.search(r"chain\s*=\s*[\"']?(?P<chain>[\w-]+)", action)
    chain = settings.get("chain")
    where = Located("INPUT", at.span, exact=False)
    if stated is not None:
        where = Located(stated["chain"], settings["action"].value.span)
    elif chain is not None and not chain.value.text.startswith(("<", "%")):
        where = Located(chain.value.text, chain.value.span)
    every = "allports" in ban
    written = re.search(r"port\s*=\s*(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[\w:-]+))", action)
    text = next((one for one in written.groups() if one), "") if written is not None else ""
    port = settings.get("port")
    text = text or (port.value.text if port is not None else "")
    ports = port_ranges(text) if text and not every else ()
    if ports is None:
        return None
    span = port.value.span if port is not None and port.key.text.lower() in own else at.span
    return Jail(
        name=name,
        span=span,
        ports=ports,
        every_port=every or text in ("0:65535", "1:65535", "all"),
        chain=where,
    )
