"""Everything a rule may import."""

from __future__ import annotations

from netlint.addresses.advice import free_help, free_like
from netlint.addresses.allocation import Member, dynamic_range, handed_out, members, never_free, occupied
from netlint.addresses.claims import Claim, ClaimKind, Plan, claims
from netlint.addresses.links import is_tunnel
from netlint.addresses.misrouted import Misrouted, misrouted
from netlint.addresses.overlap import overlaps, overlaps_between
from netlint.addresses.pools import LocalPool, Supply, automatic, supply
from netlint.dataplane.own_address import own_address
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
from netlint.model.compose import (
    Attachment,
    DuplicateKey,
    MisplacedKey,
    Misplacement,
    PortRange,
    Project,
    PublishedPort,
    Service,
    UnsetVariable,
)
from netlint.model.daemon import Daemon, EngineVersion, ExecStart, Option, Pool, Setting, UnusedDefault
from netlint.model.host import (
    Host,
    InputProblem,
    Interface,
    InterfaceAddress,
    Listener,
    Publication,
    Reserved,
    Resolver,
    Route,
    Site,
)
from netlint.model.intents import SCHEMES, Intent, advertised, intents, is_target, listeners
from netlint.model.located import Located
from netlint.model.netfilter import Chain, FirewallRule, Match, NameMatch, PrefixMatch, Ruleset, Table
from netlint.model.network import Endpoint, Network, Origin, Subnet
from netlint.model.overlay import Swarm, Weave
from netlint.model.ports import Binding, Taken, collisions, listens, published_ports, takes
from netlint.model.reach import (
    BACKEND_PORTS,
    Reach,
    container_ports,
    image_name,
    image_port,
    mentions,
    published_as,
    serves,
)
from netlint.prefix import Address, Prefix, parse_address, parse_interface, parse_prefix
from netlint.rule import rule
from netlint.source import Span

__all__ = [
    "BACKEND_PORTS",
    "SCHEMES",
    "Action",
    "Address",
    "AddressChange",
    "Attachment",
    "Binding",
    "Bridge",
    "Chain",
    "ChainChange",
    "Claim",
    "ClaimKind",
    "Confidence",
    "ContainerRun",
    "Daemon",
    "DockerStart",
    "DuplicateKey",
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
    "Intent",
    "Interface",
    "InterfaceAddress",
    "Label",
    "Listener",
    "LocalPool",
    "Located",
    "Match",
    "Member",
    "MisplacedKey",
    "Misplacement",
    "Misrouted",
    "NameMatch",
    "Network",
    "Option",
    "Origin",
    "Outcome",
    "Packet",
    "Path",
    "Plan",
    "Pool",
    "PortRange",
    "Prefix",
    "PrefixMatch",
    "Project",
    "Publication",
    "PublishedPort",
    "Reach",
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
    "Supply",
    "Swarm",
    "Table",
    "Taken",
    "UnsetVariable",
    "UnusedDefault",
    "Weave",
    "WeaveAddress",
    "Witness",
    "advertised",
    "automatic",
    "bridges",
    "claims",
    "collisions",
    "container_ports",
    "dynamic_range",
    "free_help",
    "free_like",
    "handed_out",
    "image_name",
    "image_port",
    "intents",
    "is_container_link",
    "is_target",
    "is_tunnel",
    "listeners",
    "listens",
    "local_addresses",
    "matches",
    "members",
    "mentions",
    "misrouted",
    "never_free",
    "occupied",
    "overlaps",
    "overlaps_between",
    "own_address",
    "parse_address",
    "parse_interface",
    "parse_prefix",
    "paths",
    "published_as",
    "published_ports",
    "rule",
    "serves",
    "supply",
    "takes",
    "uplinks",
    "walk",
]
