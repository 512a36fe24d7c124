"""Everything a rule may import."""

from __future__ import annotations

from netlint.addresses.advice import free_help, free_like
from netlint.addresses.claims import Claim, ClaimKind, claims
from netlint.addresses.overlap import overlaps, overlaps_between
from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.paths import Path, paths
from netlint.dataplane.view import Bridge, bridges, is_container_link, local_addresses, uplinks
from netlint.dataplane.walk import Outcome, walk
from netlint.finding import Confidence, Edit, Finding, Fix, Label, Severity, Step, Witness
from netlint.model.action import (
    Action,
    AddressChange,
    ChainChange,
    ContainerRun,
    DockerStart,
    FirewallChange,
    FirewallFlush,
    RouteChange,
    WeaveAddress,
)
from netlint.model.compose import Attachment, PortRange, Project, PublishedPort, Service
from netlint.model.daemon import Daemon, EngineVersion, ExecStart, Option, Pool, Setting
from netlint.model.host import (
    Host,
    InputProblem,
    Interface,
    InterfaceAddress,
    Publication,
    Reserved,
    Resolver,
    Route,
    Site,
)
from netlint.model.located import Located
from netlint.model.netfilter import Chain, FirewallRule, Match, NameMatch, PrefixMatch, Ruleset, Table
from netlint.model.network import Endpoint, Network, Origin, Subnet
from netlint.model.overlay import Swarm, Weave
from netlint.prefix import Address, Prefix, parse_address, parse_interface, parse_prefix
from netlint.rule import rule
from netlint.source import Span

__all__ = [
    "Action",
    "Address",
    "AddressChange",
    "Attachment",
    "Bridge",
    "Chain",
    "ChainChange",
    "Claim",
    "ClaimKind",
    "Confidence",
    "ContainerRun",
    "Daemon",
    "DockerStart",
    "Edit",
    "Endpoint",
    "EngineVersion",
    "ExecStart",
    "Finding",
    "FirewallChange",
    "FirewallFlush",
    "FirewallRule",
    "Fix",
    "Host",
    "InputProblem",
    "Interface",
    "InterfaceAddress",
    "Label",
    "Located",
    "Match",
    "NameMatch",
    "Network",
    "Option",
    "Origin",
    "Outcome",
    "Packet",
    "Path",
    "Pool",
    "PortRange",
    "Prefix",
    "PrefixMatch",
    "Project",
    "Publication",
    "PublishedPort",
    "Reserved",
    "Resolver",
    "Route",
    "RouteChange",
    "Ruleset",
    "Service",
    "Setting",
    "Severity",
    "Site",
    "Span",
    "Step",
    "Subnet",
    "Swarm",
    "Table",
    "Weave",
    "WeaveAddress",
    "Witness",
    "bridges",
    "claims",
    "free_help",
    "free_like",
    "is_container_link",
    "local_addresses",
    "matches",
    "overlaps",
    "overlaps_between",
    "parse_address",
    "parse_interface",
    "parse_prefix",
    "paths",
    "rule",
    "uplinks",
    "walk",
]
