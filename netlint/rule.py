"""Rules: the decorator that makes one, and loading a folder of them by path."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any, TypeAlias

from msgspec import Struct, structs

from netlint.finding import Confidence, Finding, Severity
from netlint.model.host import Host, Site
from netlint.pattern import pattern
from netlint.spoken import Spoken, is_field
from netlint.suggest import did_you_mean

Folder: TypeAlias = str | os.PathLike[str]

INDEX = "index.tsv"  # in the folder of the built-in rules; written by docs/generate.py

# Files with the rules that are loaded at boot. Beside listings of the running host they are no dump of its firewall.
_AT_BOOT = pattern(r"(?:^|/)(?:nftables\.conf|iptables/rules\.v[46]|sysconfig/ip6?tables)$")


def _has_firewall(host: Host) -> bool:
    observed = host.lists("interfaces") or host.lists("routes")
    return any(not (observed and _AT_BOOT.search(source)) for source in host.firewall_sources)


# What a rule may need of a host, and how the coverage report calls its absence.
NEEDS: dict[str, tuple[Callable[[Host], bool], str]] = {
    "addresses": (lambda host: host.interfaces is not None, "no address listing (ip addr)"),
    "neighbours": (lambda host: host.lists("neighbours"), "no neighbour table (ip neigh, arp -n)"),
    "routes": (lambda host: host.lists("routes"), "no route table (ip route)"),
    "firewall": (_has_firewall, "no firewall dump (iptables-save)"),
    "daemon": (
        lambda host: host.daemon is not None and host.daemon.configured,
        "no daemon configuration (daemon.json, docker.service)",
    ),
    "networks": (lambda host: bool(host.networks), "no Docker networks (docker network inspect, Compose file)"),
    "engine": (lambda host: host.engine is not None, "no engine version (docker version, --engine)"),
    "resolver": (lambda host: host.resolver is not None, "no resolv.conf"),
}


class RuleError(Exception):
    """A rule file that cannot be loaded, or a rule name that does not exist."""


class Facts(Struct, frozen=True, kw_only=True):
    """What `@rule` says of a rule.

    `needs` names the facts without which a host cannot be checked, `proof` how the claim was proven or its source.
    `security` rates, as CVSS does (up to 10), a defect that lets somebody in; 0 for one that is none of security.
    `beyond_compose`: what it is about, no Compose file says. `compose`: of what Compose files must speak for it to find
    anything, each as `Spoken` takes it. `each_host`: it looks at the hosts one by one, and finds
    on each what it would find there were it the only one in `site.hosts`.
    """

    code: str
    severity: Severity
    confidence: Confidence
    needs: tuple[str, ...]
    proof: str
    since: str
    security: float = 0
    beyond_compose: bool = False
    compose: tuple[str, ...] = ()
    each_host: bool = False


class Body(Struct, frozen=True):
    """What a rule's file holds besides: the Markdown of its docstring, and the check."""

    documentation: str
    check: Callable[[Site], Iterable[Finding]]


class Rule(Facts, frozen=True, kw_only=True):
    """A rule. `slug` is the name of its file, which is run where `body` is asked for the first time."""

    slug: str
    path: str
    body: Callable[[], Body]

    @property
    def documentation(self) -> str:
        """Markdown, the first line of which is the summary. RuleError where the file fails, as for `check`."""
        return self.body().documentation

    @property
    def check(self) -> Callable[[Site], Iterable[Finding]]:
        return self.body().check

    @property
    def name(self) -> str:
        """`SubnetOverlap` for `subnet-overlap`."""
        return "".join(part.capitalize() for part in self.slug.split("-"))

    @property
    def summary(self) -> str:
        return self.documentation.partition("\n")[0].rstrip(".")

    def is_named(self, name: str) -> bool:
        """Whether `name` is the slug, the code or the beginning of the code."""
        return name == self.slug or (name != "" and self.code.startswith(name.upper()))

    def missing(self, host: Host) -> list[str]:
        """Why the rule cannot be checked on `host`, or only on a part of what there is; empty where it can."""
        reasons = []
        for need in self.needs:
            present, reason = NEEDS[need]
            gaps = [gap.reason for gap in host.gaps if gap.need == need]
            if not present(host):
                reasons.append(f"{reason}: {gaps[0]}" if gaps else reason)
            else:
                reasons += gaps
        return reasons

    def concerns_compose(self, site: Site, spoken: Spoken) -> bool:
        """Whether there is something for the rule in a site of which Compose files are all that is known. Of a host of
        which anything else is known, most rules can say something without all that they need."""
        if self.beyond_compose or not all(what in spoken for what in self.compose):
            return False
        return not all(self.missing(host) for host in site.hosts)


class _Mark(Struct, frozen=True):
    facts: Facts
    check: Callable[[Site], Iterable[Finding]]


def rule(
    code: str,
    severity: Severity,
    *,
    confidence: Confidence = Confidence.HIGH,
    needs: Iterable[str] = (),
    proof: str = "",
    since: str = "0.1.0",
    security: float = 0,
    beyond_compose: bool = False,
    compose: Iterable[str] = (),
    each_host: bool = False,
) -> Callable[[Callable[[Site], Iterable[Finding]]], _Mark]:
    """Make a function from site to findings the rule of its file."""
    unknown = [need for need in needs if need not in NEEDS]
    if unknown:
        raise RuleError(f"rule {code} needs {', '.join(unknown)}; known are {', '.join(NEEDS)}")
    unknown = [what for one in compose for what in one.split("|") if not is_field(what)]
    if unknown:
        raise RuleError(f"rule {code}: {', '.join(unknown)} is no field of a site, project, network or service")

    def mark(check: Callable[[Site], Iterable[Finding]]) -> _Mark:
        facts = Facts(
            code=code,
            severity=severity,
            confidence=confidence,
            needs=tuple(needs),
            proof=proof,
            since=since,
            security=security,
            beyond_compose=beyond_compose,
            compose=tuple(compose),
            each_host=each_host,
        )
        return _Mark(facts, check)

    return mark


def load_rule(path: Folder) -> Rule:
    """The rule in the file at `path`; RuleError where there is none or the file fails."""
    path = os.fspath(path)
    facts, body = _executed(path)
    return Rule(**structs.asdict(facts), slug=_slug(path), path=path, body=lambda: body)


def _stem(path: str) -> str:
    return os.path.basename(path).removesuffix(".py")


def _slug(path: str) -> str:
    return _stem(path).replace("_", "-")


def _executed(path: str) -> tuple[Facts, Body]:
    module = ModuleType(f"netlint_rules.{_stem(path)}")
    module.__file__ = path
    try:
        # the loader alone: to find what is known already costs as much again for each of many small files
        code = SourceFileLoader(module.__name__, path).get_code(module.__name__)
        if code is None:
            raise RuleError(f"{path}: not a Python file")
        exec(code, vars(module))
    except RuleError:
        raise
    except Exception as error:
        raise RuleError(f"{path}: {type(error).__name__}: {error}") from error
    marks = [value for value in vars(module).values() if isinstance(value, _Mark)]
    if len(marks) != 1:
        raise RuleError(f"{path}: {len(marks)} functions with @rule, expected one")
    return marks[0].facts, Body((module.__doc__ or _stem(path)).strip(), marks[0].check)


def index_text(rules: Iterable[Rule]) -> str:
    """The index of a folder of rules: what `@rule` says in each file. With it a file is run only where the input has
    what its rule needs.

    A line for each file: its name and the `Facts` in their order, with tabs between them.
    """
    lines = []
    for one in rules:
        beyond, each = ("yes" if flag else "" for flag in (one.beyond_compose, one.each_host))
        columns = [os.path.basename(one.path), one.code, one.severity, one.confidence, " ".join(one.needs)]
        columns += [one.proof, one.since, one.security, beyond, " ".join(one.compose), each]
        lines.append(columns)
    return "".join("\t".join(map(str, line)) + "\n" for line in sorted(lines))


def _index(folder: str) -> dict[str, dict[str, Any]]:
    """The facts by name of each file in the index of `folder`."""
    known = {}
    severities, confidences = {str(one): one for one in Severity}, {str(one): one for one in Confidence}
    try:
        with open(os.path.join(folder, INDEX), encoding="utf-8") as file:
            for line in file:
                name, *columns = line[:-1].split("\t")
                code, severity, confidence, needs, proof, since, security, beyond, compose, each = columns
                known[name] = {
                    "code": code,
                    "severity": severities[severity],
                    "confidence": confidences[confidence],
                    "needs": tuple(needs.split()),
                    "proof": proof,
                    "since": since,
                    "security": float(security),
                    "beyond_compose": beyond == "yes",
                    "compose": tuple(compose.split()),
                    "each_host": each == "yes",
                }
    except (OSError, ValueError, KeyError):  # a folder of one's own has none; a damaged one is of no use
        return {}
    return known


class _Later:
    """The body of the rule at `path`, of which the index knows the facts."""

    __slots__ = ("body", "facts", "path")

    def __init__(self, path: str, facts: dict[str, Any]) -> None:
        self.path, self.facts = path, facts
        self.body: Body | None = None

    def __call__(self) -> Body:
        if self.body is None:
            facts, body = _executed(self.path)
            if structs.asdict(facts) != self.facts:
                raise RuleError(f"{self.path}: {INDEX} beside it is out of date: python docs/generate.py")
            self.body = body
        return self.body


def rules_folder() -> str:
    """The folder of the rules that come with netlint: inside the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.realpath(__file__))
    inside = os.path.join(package, "rules")
    beside = os.path.join(os.path.dirname(package), "rules")
    return beside if os.path.isdir(beside) and not os.path.isdir(inside) else inside


def load_rules(folders: Iterable[Folder], *, indexed: bool = True) -> list[Rule]:
    """All rules of `folders`, ordered by code. Two rules of one code or slug are an error. `indexed` False runs every
    file, also where an index tells what is in it."""
    rules: list[Rule] = []
    for given in folders:
        folder = os.fspath(given)
        if not os.path.isdir(folder):
            raise RuleError(f"{folder}: no such folder of rules")
        index = _index(folder) if indexed else {}
        for item in sorted(os.scandir(folder), key=lambda item: item.name):
            if not item.name.endswith(".py") or item.name.startswith("_"):
                continue
            facts, path = index.get(item.name), item.path
            if facts is not None:
                slug = item.name[:-3].replace("_", "-")
                rules.append(Rule(**facts, slug=slug, path=path, body=_Later(path, facts)))
            else:
                rules.append(load_rule(path))
    for key in ("code", "slug"):
        seen: dict[str, Rule] = {}
        for one in rules:
            other = seen.setdefault(getattr(one, key), one)
            if other is not one:
                raise RuleError(f"{one.path} and {other.path} have the same {key} {getattr(one, key)}")
    return sorted(rules, key=lambda one: one.code)


def select(rules: Iterable[Rule], names: Iterable[str]) -> Iterator[Rule]:
    """The rules that `names` name by slug, code or prefix of a code (`NL1`); RuleError for a name of none."""
    rules = list(rules)
    wanted: set[str] = set()
    for name in names:
        found = [one.code for one in rules if one.is_named(name)]
        if not found:
            known = [one.slug for one in rules] + [one.code for one in rules]
            raise RuleError(f"unknown rule '{name}'{did_you_mean(name, known) or '; netlint rules lists them'}")
        wanted.update(found)
    return (one for one in rules if one.code in wanted)
