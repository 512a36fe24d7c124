"""The modules `iptables` and `ufw` of Ansible as the commands that they run."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from netlint.parse.ansible_task import Failed, Result, Task
from netlint.parse.tree import Word
from netlint.parse.words import cut

# Arguments of `iptables` with the flags that they become, in an order in which iptables takes them.
_FLAGS = (
    ("protocol", "-p"),
    ("source", "-s"),
    ("destination", "-d"),
    ("in_interface", "-i"),
    ("out_interface", "-o"),
    ("source_port", "--sport"),
    ("destination_port", "--dport"),
    ("jump", "-j"),
    ("goto", "-g"),
    ("to_destination", "--to-destination"),
    ("to_source", "--to-source"),
    ("to_ports", "--to-ports"),
    ("reject_with", "--reject-with"),
    ("log_prefix", "--log-prefix"),
    ("log_level", "--log-level"),
)
# Those that bring a match of their own, in front of the target.
_MATCHES = (
    ("destination_ports", "multiport", "--dports"),
    ("ctstate", "conntrack", "--ctstate"),
    ("src_range", "iprange", "--src-range"),
    ("dst_range", "iprange", "--dst-range"),
    ("limit", "limit", "--limit"),
    ("limit_burst", "limit", "--limit-burst"),
    ("icmp_type", "", "--icmp-type"),
    ("comment", "comment", "--comment"),
)
_OTHERS = frozenset(
    """action chain chain_management flush ip_version match numeric policy rule_num state table wait syn""".split()
)
_KNOWN = _OTHERS | {name for name, _ in _FLAGS} | {name for name, _, _ in _MATCHES}


def iptables(task: Task) -> Iterator[Result]:
    """One rule, a flush, a policy or a chain of its own."""
    unknown = next((name for name in task.given if name not in _KNOWN), None)
    chain = task.word("chain")
    if unknown is not None:
        yield Failed(task.key.span, f"the argument {unknown} of the module iptables")
        return
    tools = {"ipv6": ("ip6tables",), "both": ("iptables", "ip6tables")}.get(task.text("ip_version"), ("iptables",))
    words = list(_words(task, chain))
    if not all(word.exact for word in words):
        yield Failed(task.key.span, "a rule of the firewall that a template completes")
    for tool in tools if words else ():
        yield task.command(tool, *words)


def _words(task: Task, chain: Word | None) -> Iterator[Word]:
    operation, absent = "", task.text("state") == "absent"
    rule = list(_rule(task))
    policy = task.word("policy")
    if task.says("flush"):
        operation = "-F"
    elif chain is None:
        return
    elif policy is not None:
        operation = "-P"
    elif task.says("chain_management") and not rule:
        operation = "-X" if absent else "-N"
    elif not rule:
        return
    else:
        operation = "-D" if absent else "-I" if task.text("action") == "insert" else "-A"
    yield from task.option("-t", "table")
    yield task.literal(operation)
    if chain is not None:
        yield chain
    if operation == "-P" and policy is not None:
        yield policy
    elif operation in ("-A", "-I", "-D"):
        number = task.word("rule_num")
        if operation == "-I" and number is not None:
            yield number
        yield from rule


def _rule(task: Task) -> Iterator[Word]:
    for name, flag in _FLAGS:
        if flag == "-j":
            yield from _matches(task)
        value = task.word(name)
        if value is not None and value.text:
            if value.text.startswith("!"):
                yield task.literal("!")
                value = structs.replace(cut(value, 1), exact=value.exact)
            yield task.literal(flag)
            yield value


def _matches(task: Task) -> Iterator[Word]:
    loaded: set[str] = set()
    syn = task.text("syn")
    if syn in ("match", "negate"):
        if syn == "negate":
            yield task.literal("!")
        yield task.literal("--syn")
    for name, module, flag in _MATCHES:
        values = task.words(name) if name in ("destination_ports", "ctstate") else [task.word(name)]
        given = [value for value in values if value is not None and value.text]
        if not given:
            continue
        if module and module not in loaded:
            loaded.add(module)
            yield task.literal("-m")
            yield task.literal(module)
        yield task.literal(flag)
        if len(given) == 1:
            yield given[0]
        else:
            text = ",".join(value.text for value in given)
            exact = all(value.exact for value in given)
            yield Word(text, given[0].span.to(given[-1].span), False, (), exact)
    for word in task.words("match"):
        if word.text not in loaded:
            yield task.literal("-m")
            yield word


def ufw(task: Task) -> Iterator[Result]:
    """Whether it is on, its default policies, and its rules."""
    if task.says("delete") or task.text("state") == "reset":
        yield Failed(task.key.span, "what the module ufw deletes")
        return
    default, rule = task.word("default", "policy"), task.word("rule")
    direction = task.word("direction")
    if default is not None:
        yield task.command("ufw", "default", default, direction)
    if rule is not None:
        words = [task.literal("route")] if task.says("route") else []
        words += [rule, *([direction] if direction is not None else [])]
        words += task.option("on", "interface", "if") + task.option("proto", "proto", "protocol")
        words += task.option("from", "from_ip", "from", "src") + task.option("port", "from_port")
        target = task.option("to", "to_ip", "to", "dest") or [task.literal("to"), task.literal("any")]
        application = task.word("name", "app")
        if application is not None:
            words.append(application)
        else:
            words += target + task.option("port", "to_port", "port")
        if not all(word.exact for word in words):
            yield Failed(task.key.span, "a rule of the firewall that a template completes")
            return
        yield task.command("ufw", *words)
    state = task.text("state")
    if state in ("enabled", "disabled"):
        yield task.command("ufw", state.removesuffix("d"))
