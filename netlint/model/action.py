"""What setup scripts and unit files do to a host, in order. A command in a branch or loop only may run."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from netlint.model.compose import PublishedPort
from netlint.model.located import Located
from netlint.model.netfilter import FirewallRule
from netlint.source import Span


class FirewallFlush(Struct, frozen=True, kw_only=True):
    """`iptables -F`, `-X` or `nft flush ruleset`: every table where `table` is None, every chain where `chain` is.

    `tool` is "iptables", "ip6tables" or "nft".
    """

    span: Span
    tool: str
    table: str | None
    chain: str | None
    certain: bool = True


class FirewallChange(Struct, frozen=True, kw_only=True):
    """One rule appended (`-A`), inserted (`-I`) or deleted (`-D`): `operation` is the letter."""

    span: Span
    version: int
    operation: str
    table: str
    chain: str
    rule: FirewallRule
    certain: bool = True


class DockerStart(Struct, frozen=True, kw_only=True):
    """The engine is started or restarted (`systemctl restart docker`): it programs its firewall rules anew."""

    span: Span
    certain: bool = True


class ContainerRun(Struct, frozen=True, kw_only=True):
    """`docker run` or `docker create`."""

    span: Span
    image: Located[str] | None
    name: Located[str] | None = None
    network: Located[str] | None = None
    ports: tuple[PublishedPort, ...] = ()
    command: tuple[Located[str], ...] = ()
    certain: bool = True


Action: TypeAlias = FirewallFlush | FirewallChange | DockerStart | ContainerRun
