"""What the iptables, iptables-restore and nft commands of a script do to the firewall."""

from __future__ import annotations

import re

from msgspec import structs

from netlint.build.facts import HostFacts
from netlint.build.netfilter import build_rules
from netlint.model.action import ChainChange, FirewallChange, FirewallFlush
from netlint.parse.iptables_rule import parse_rule_words
from netlint.parse.shell import Command
from netlint.parse.tree import Unsupported, Word

_TOOL = re.compile(r"(ip6?tables)(?:-legacy|-nft)?")
_RESTORE = re.compile(r"(ip6?tables)(?:-legacy|-nft)?-restore")
_HOST_NAME = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+", re.ASCII)
_TABLE = re.compile(r"^\*(\w+)", re.MULTILINE)
# Units as packages ship them. nftables.service loads a file that is read where it is given, and runs on few hosts.
_PACKAGED = re.compile(r"(?:^|/)lib/systemd/system/[^/]+\.service$")
_NFT_FLUSH = re.compile(r"\bflush\s+ruleset\b")
_OTHER_FAMILIES = frozenset(("ip6", "inet", "arp", "bridge", "netdev"))


def build_firewall(command: Command, facts: HostFacts) -> bool:
    """Add what a firewall command does; False where it is none."""
    if (found := _TOOL.fullmatch(command.program)) is not None:
        if len(command.words) > 1:
            _iptables(found[1], command, facts)
    elif (found := _RESTORE.fullmatch(command.program)) is not None:
        _restore(found[1], command, facts)
    elif command.program == "nft":
        _nft(command, facts)
    else:
        return False
    return True


def _iptables(tool: str, command: Command, facts: HostFacts) -> None:
    words = command.words[1:]
    version = 6 if tool == "ip6tables" else 4
    read = parse_rule_words(words, version)
    # what a variable leaves open is no fault of the script, nor is the name of a host, which iptables looks up
    open_places = {word.span for word in words if not word.exact or _HOST_NAME.fullmatch(word.text)}
    problems = [problem for problem in read.problems if problem.span not in open_places]
    if problems:
        facts.problems(problems)
    match read.operation:
        case "F" | "X":
            flush = FirewallFlush(
                span=command.span, tool=tool, table=read.table, chain=read.chain or None, certain=command.certain
            )
            facts.actions.append(flush)
        case "A" | "I" | "D" if len(problems) == len(read.problems):
            facts.actions += [
                FirewallChange(
                    span=command.span,
                    version=version,
                    operation=read.operation,
                    table=read.table,
                    chain=read.chain,
                    rule=rule,
                    certain=command.certain,
                )
                for rule in build_rules(read.rule)
            ]
        case "N" | "P":
            policy = read.rule.jump.target if read.rule.jump is not None and read.operation == "P" else None
            facts.actions.append(
                ChainChange(
                    span=command.span,
                    version=version,
                    operation=read.operation,
                    table=read.table,
                    chain=read.chain,
                    policy=policy,
                    certain=command.certain,
                )
            )
        case "A" | "I" | "D" | "R" | "E":
            facts.unsupported(Unsupported(command.span, f"iptables -{read.operation}, whose effect is not followed"))
        case _:
            pass


def _restore(tool: str, command: Command, facts: HostFacts) -> None:
    """A restore empties each table that its input names; input that is not in the script may name any of them."""
    options = {word.text for word in command.words[1:]}
    if options & {"-n", "--noflush", "-t", "--test", "-h", "--help"}:
        return
    body = _input(command)
    tables: list[str | None] = [None] if body is None else list(dict.fromkeys(_TABLE.findall(body.text)))
    certain = command.certain and body is not None
    facts.actions += [
        FirewallFlush(span=command.span, tool=tool, table=table, chain=None, certain=certain) for table in tables
    ]


def _nft(command: Command, facts: HostFacts) -> None:
    words = [word.text for part in command.words[1:] for word in _split(part)]
    certain = command.certain
    if words[:1] and words[0] in ("flush", "delete", "destroy") and not _OTHER_FAMILIES.isdisjoint(words[2:3]):
        return  # iptables and Docker have no rules of IPv4 in tables of these
    match [word for word in words if word != "ip"]:
        case ["flush" | "destroy" | "delete", "ruleset", *_]:
            facts.actions.append(FirewallFlush(span=command.span, tool="nft", table=None, chain=None, certain=certain))
        case ["flush" | "delete" | "destroy", "table", table, *_]:
            facts.actions.append(FirewallFlush(span=command.span, tool="nft", table=table, chain=None, certain=certain))
        case ["flush" | "delete" | "destroy", "chain", table, chain, *_]:
            facts.actions.append(
                FirewallFlush(span=command.span, tool="nft", table=table, chain=chain, certain=certain)
            )
        case ["add" | "insert" | "create" | "replace", *_]:
            facts.unsupported(Unsupported(command.span, "nft rules"))
        case ["-f" | "--file", *_]:
            body = _input(command)
            if body is not None and _NFT_FLUSH.search(body.text):
                facts.actions.append(
                    FirewallFlush(span=command.span, tool="nft", table=None, chain=None, certain=certain)
                )
            if _PACKAGED.search(command.span.source) is None:
                facts.unsupported(Unsupported(command.span, "nft rules"))
        case _:
            pass


def _split(word: Word) -> list[Word]:
    """nft joins its arguments and reads them anew: `nft 'flush ruleset'`."""
    return [structs.replace(word, text=part) for part in word.text.split()]


def _input(command: Command) -> Word | None:
    """The text that the command reads where a here-document gives it, to itself or to the command before it."""
    for one in (command, command.input):
        for redirect in one.redirects if one is not None else ():
            if redirect.body is not None:
                return redirect.body
    return None
