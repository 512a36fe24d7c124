"""The model as netlint sees it, host by host: what runs there and who claims which addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlint.model.compose import PublishedPort
from netlint.model.daemon import Option
from netlint.model.host import Host, Publication, Site
from netlint.model.interface import Interface
from netlint.model.network import Network
from netlint.model.overlay import SwarmNode, SwarmService
from netlint.report.inhabitants import Inhabitant, inhabitants
from netlint.report.json import encode
from netlint.report.nat_words import translations
from netlint.report.plan import Entry, address_plan
from netlint.report.secrets import masked
from netlint.report.terminal import clean, table
from netlint.source import Source, Span

# Options that take labels, log drivers' tokens and proxies' passwords.
_NOT_SHOWN = ("labels", "log-opts", "node-generic-resources", "proxies", "http-proxy", "https-proxy", "no-proxy")
_ROWS = 200  # of one table; a host may have a million routes


def render_plan(site: Site, sources: Mapping[str, Source], format: str = "text") -> str:
    """The site as `text` or `json`, or as a drawing in the language `mermaid` or `dot`."""
    if format in ("mermaid", "dot"):
        from netlint.report.drawing import Drawing, dot, mermaid  # noqa: PLC0415 - only where something is drawn

        return mermaid(Drawing(site)) if format == "mermaid" else dot(Drawing(site))
    view = _View(site, sources)
    if format == "json":
        return encode({"version": 1, "hosts": [view.values(host) for host in site.hosts]})
    blocks = ["\n".join(view.lines(host)) for host in site.hosts]
    return "\n\n".join(blocks) + "\n" if blocks else "no host and no deployment was found\n"


class _View:
    def __init__(self, site: Site, sources: Mapping[str, Source]) -> None:
        self.site = site
        self.sources = sources

    def at(self, span: Span | None) -> str:
        """`file:line`; a range of the configuration has no place."""
        if span is None:
            return "netlint.toml"
        source = self.sources.get(span.source)
        return f"{span.source}:{source.position(span.start).line}" if source is not None else span.source

    def lines(self, host: Host) -> Iterator[str]:
        """The host as text, table by table."""
        files = ", ".join(dict.fromkeys(file for project in host.projects for file in project.files))
        yield clean(f"deployment {files} (its host is not known)" if host.implied else f"host {host.name}")
        if host.engine is not None:
            assumed = "" if host.engine.exact else ", assumed"
            yield f"  Docker {clean(str(host.engine.value))} ({clean(self.at(host.engine.span))}{assumed})"
        interfaces = [one for one in host.interfaces or () if _addresses(one) or one.kind == "bridge"]
        yield from self.section("interfaces", [self.interface(one) for one in interfaces])
        yield from self.section("address plan", [self.entry(entry) for entry in address_plan(host, self.site)])
        yield from self.section("Docker networks", [self.network(one) for one in host.networks])
        yield from self.section("containers", [self.inhabitant(one) for one in inhabitants(host)])
        yield from self.section("published ports", [self.publication(one) for one in host.publications()])
        yield from self.section("swarm nodes", [self.node(one) for one in host.swarm_nodes])
        yield from self.section("swarm services", [self.service(one) for one in host.swarm_services])
        yield from self.section("address translation", [(words, self.at(span)) for words, span in translations(host)])
        options = host.daemon.options if host.daemon is not None else ()
        yield from self.section("daemon options", [self.option(option) for option in options])

    def section(self, title: str, rows: list[tuple[str, ...]]) -> Iterator[str]:
        if not rows:
            return
        yield ""
        yield f"  {title}"
        yield from table([tuple(map(clean, row)) for row in rows[:_ROWS]], indent="    ")
        if len(rows) > _ROWS:
            yield f"    and {len(rows) - _ROWS} more (--format json has all)"

    def interface(self, one: Interface) -> tuple[str, ...]:
        addresses = " ".join(_addresses(one))
        state = {True: "up", False: "down", None: ""}[one.up]
        mtu = f"mtu {one.mtu}" if one.mtu is not None else ""
        return (one.name, addresses or "-", state, mtu, self.at(one.span))

    def entry(self, entry: Entry) -> tuple[str, ...]:
        claim = entry.claim
        clash = ", ".join(f"{rival.what} ({rival.prefix})" for rival in entry.rivals[:3])
        if len(entry.rivals) > 3:
            clash += f" and {len(entry.rivals) - 3} more"
        sign = "!" if entry.rivals else " "
        place = self.at(claim.span)
        return (f"{sign} {'  ' * entry.depth}{claim.prefix}", claim.what, place, clash and f"overlaps {clash}")

    def network(self, one: Network) -> tuple[str, ...]:
        subnets = " ".join(str(subnet.prefix) for subnet in one.subnets)
        flags = [name for name in ("internal", "external", "ingress") if getattr(one, name)]
        engine = "set by a variable" if one.subnets_open else "chosen by the engine"
        engine = "-" if one.driver in ("host", "null") else engine
        driver = " ".join([one.driver, *flags])
        return (one.name, driver, subnets or engine, one.bridge or "-", f"{one.origin.value}, {self.at(one.span)}")

    def inhabitant(self, one: Inhabitant) -> tuple[str, ...]:
        links = [f"{inner} behind {outer} ({how})".lstrip() for inner, outer, how in one.links]
        ports = [" ".join(self.port(port)) for port in one.ports]
        state = {True: "running", False: "stopped", None: ""}[one.running]
        return (one.name, state, ", ".join(one.addresses) or "-", ", ".join([*links, *ports]) or "-", self.at(one.span))

    def publication(self, one: Publication) -> tuple[str, ...]:
        return (*self.port(one.port), one.owner, self.at(one.port.span))

    def port(self, port: PublishedPort) -> tuple[str, str]:
        address = port.address.value if port.address is not None else "*"
        published = str(port.published) if port.published is not None else "(chosen by the engine)"
        name = f"[{address}]" if ":" in address and not address.startswith("[") else address
        return (f"{name}:{published}", f"-> {port.target}/{port.protocol}")

    def node(self, one: SwarmNode) -> tuple[str, ...]:
        address = str(one.address.value) if one.address is not None else "-"
        role = " ".join(word for word in (one.role, one.reachability) if word) or "-"
        state = " ".join(word for word in (one.state, one.availability) if word) or "-"
        engine = f"Docker {one.engine.value}" if one.engine is not None else "-"
        return (one.hostname, address, role, state, engine, self.at(one.span))

    def service(self, one: SwarmService) -> tuple[str, ...]:
        tasks = str(one.replicas) if one.replicas is not None else ""
        mode = " ".join(word for word in (one.mode, tasks, one.endpoint_mode) if word) or "-"
        ports = ", ".join(" ".join((*self.port(port), f"({port.mode})")) for port in one.ports)
        addresses = " ".join(str(each.address.value) for each in one.addresses)
        return (one.name, mode, addresses or "-", ports or "-", self.at(one.span))

    def option(self, option: Option) -> tuple[str, ...]:
        return (option.name, _value(option), option.setting.value, self.at(option.span))

    def values(self, host: Host) -> dict[str, Any]:
        """The host as JSON values."""
        return {
            "name": host.name,
            "implied": host.implied,
            "engine": None if host.engine is None else str(host.engine.value),
            "interfaces": None if host.interfaces is None else [self.interface_values(one) for one in host.interfaces],
            "address_plan": [
                {
                    "prefix": str(entry.claim.prefix),
                    "kind": entry.claim.kind.value,
                    "what": entry.claim.what,
                    "at": None if entry.claim.span is None else self.at(entry.claim.span),
                    "overlaps": [{"prefix": str(rival.prefix), "what": rival.what} for rival in entry.rivals],
                }
                for entry in address_plan(host, self.site)
            ],
            "networks": [
                {
                    "name": one.name,
                    "driver": one.driver,
                    "subnets": [str(subnet.prefix) for subnet in one.subnets],
                    "bridge": one.bridge,
                    "internal": one.internal,
                    "external": one.external,
                    "origin": one.origin.value,
                    "at": self.at(one.span),
                }
                for one in host.networks
            ],
            "containers": [
                {
                    "name": one.name,
                    "running": one.running,
                    "mode": one.mode,
                    "addresses": list(one.addresses),
                    "links": [{"inside": inner or None, "host": outer, "by": how} for inner, outer, how in one.links],
                    "at": self.at(one.span),
                }
                for one in inhabitants(host)
            ],
            "published_ports": [
                {
                    "owner": one.owner,
                    "address": None if one.port.address is None else one.port.address.value,
                    "published": None if one.port.published is None else str(one.port.published),
                    "target": str(one.port.target),
                    "protocol": one.port.protocol,
                    "at": self.at(one.port.span),
                }
                for one in host.publications()
            ],
            "swarm_nodes": [
                {
                    "hostname": one.hostname,
                    "id": one.id,
                    "address": None if one.address is None else str(one.address.value),
                    "role": one.role,
                    "reachability": one.reachability,
                    "state": one.state,
                    "availability": one.availability,
                    "engine": None if one.engine is None else str(one.engine.value),
                    "at": self.at(one.span),
                }
                for one in host.swarm_nodes
            ],
            "swarm_services": [
                {
                    "name": one.name,
                    "mode": one.mode,
                    "replicas": one.replicas,
                    "endpoint_mode": one.endpoint_mode,
                    "addresses": [f"{each.address.value}/{each.prefix.length}" for each in one.addresses],
                    "ports": [
                        {
                            "published": str(port.published),
                            "target": str(port.target),
                            "protocol": port.protocol,
                            "mode": port.mode,
                        }
                        for port in one.ports
                    ],
                    "at": self.at(one.span),
                }
                for one in host.swarm_services
            ],
            "translations": [{"what": words, "at": self.at(span)} for words, span in translations(host)],
            "daemon_options": [
                {"name": one.name, "value": _value(one), "set_in": one.setting.value, "at": self.at(one.span)}
                for one in (host.daemon.options if host.daemon is not None else ())
            ],
        }

    def interface_values(self, one: Interface) -> dict[str, Any]:
        addresses = [f"{address.address}/{address.prefix.length}" for address in one.addresses]
        return {"name": one.name, "addresses": addresses, "up": one.up, "mtu": one.mtu, "at": self.at(one.span)}


def _addresses(one: Interface) -> list[str]:
    """The addresses that tell interfaces apart: link-local ones every link has."""
    return [f"{each.address}/{each.prefix.length}" for each in one.addresses if not each.address.is_link_local]


def _value(option: Option) -> str:
    """The value on one line, as the file has it, without secrets (log drivers take tokens among their options)."""
    if option.name in _NOT_SHOWN or not option.known:
        return "*" * 8
    match option.value:
        case tuple():
            text = " ".join(option.value)
        case bool():
            text = str(option.value).lower()
        case None:
            text = "null"
        case _:
            text = " ".join(str(option.value).split())
    name = f"{option.name}="
    return masked(name + text).removeprefix(name)
