"""Everything a rule may import."""

from __future__ import annotations

from netlint.finding import Confidence, Edit, Finding, Fix, Label, Severity, Step, Witness
from netlint.model.action import Action, ContainerRun, DockerStart, FirewallChange, FirewallFlush
from netlint.model.compose import Attachment, PortRange, Project, PublishedPort, Service
from netlint.model.daemon import Daemon, EngineVersion, ExecStart, Option, Pool, Setting
from netlint.model.host import Host, InputProblem, Interface, InterfaceAddress, Reserved, Resolver, Route, Site
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
    "Attachment",
    "Chain",
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
    "Pool",
    "PortRange",
    "Prefix",
    "PrefixMatch",
    "Project",
    "PublishedPort",
    "Reserved",
    "Resolver",
    "Route",
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
    "Witness",
    "parse_address",
    "parse_interface",
    "parse_prefix",
    "rule",
]
