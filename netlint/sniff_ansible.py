"""Recognises playbooks and files of tasks of Ansible by their keys, without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from netlint.parse.ansible_keywords import KEYWORDS
from netlint.pattern import pattern

# Of a play (lib/ansible/playbook/play.py, ansible-core 2.18). One with tasks or roles does something.
_PLAY = frozenset(
    """any_errors_fatal become become_exe become_flags become_method become_user check_mode collections connection
    debugger diff environment fact_path force_handlers gather_facts gather_subset gather_timeout handlers hosts
    ignore_errors ignore_unreachable max_fail_percentage module_defaults name no_log order port post_tasks pre_tasks
    remote_user roles run_once serial strategy sudo sudo_user tags tasks throttle timeout user vars vars_files
    vars_prompt when""".split()
)
_ACTS = frozenset(("tasks", "roles", "pre_tasks", "post_tasks", "handlers"))
_IMPORTS = frozenset(("import_playbook", "ansible.builtin.import_playbook", "include"))
_MODULE = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){0,3}")
# What hardly any other list of mappings has: modules, and keywords of tasks.
_TELLING = re.compile(
    r"(?:ansible|community|containers|kubernetes|cloud|amazon|google|azure)\.\w+\.\w+"
    r"|raw|lineinfile|blockinfile|apt|apt_key|apt_repository|yum|dnf|apk|systemd|systemd_service|sysctl|iptables|ufw"
    r"|firewalld|nmcli|modprobe|docker_\w+|get_url|unarchive|set_fact|(?:include|import)_(?:tasks|role|vars)"
    r"|become|become_user|register|changed_when|failed_when|notify|delegate_to|ignore_errors|with_items|loop_control|no_log"
)
_FOLDER = pattern(r"(?:^|/)(?:tasks|handlers)/(?:[^/]+/)*[^/]+$")
# Modules that netlint looks at: others make a file none for it.
_READ = pattern(
    r"""^[ ]*(?:-[ ]+)*["']?(?:(?:ansible|community)\.\w+\.)?
    (?:command|shell|raw|copy|sysctl|docker_(?:network|container|swarm\w*|stack)|iptables|ufw|firewalld|nmcli|nftables
    |systemd(?:_service)?|service|lineinfile|blockinfile|action)["']?[ ]*:""",
    re.MULTILINE | re.VERBOSE,
)
_START = re.compile(r"(?P<before>[ ]*)-(?P<gap>[ ]+)(?P<key>[\"']?[A-Za-z_][\w.]*[\"']?)[ ]*:(?=\s|$)")
_KEY = re.compile(r"[ ]*(?P<key>[\"']?[A-Za-z_][\w.]*[\"']?)[ ]*:(?=\s|$)")
_PASSED_OVER = re.compile(r"\s*(?:#.*)?$|---(?:\s|$)|\.\.\.\s*$|%YAML")


class Item(NamedTuple):
    """An item of the list that the text is: where its line begins, and its keys with what follows them on the line."""

    start: int
    keys: dict[str, str]

    @property
    def is_play(self) -> bool:
        return "hosts" in self.keys and self.keys.keys() <= _PLAY


def is_ansible(text: str, path: str) -> bool:
    """Whether a YAML text is a playbook or a file of tasks in which something is for netlint."""
    found = items(text)
    if not found or _READ.search(text) is None:
        return False
    plays = [one for one in found if one.is_play]
    if plays:
        rest = [one for one in found if not one.is_play]
        return any(one.keys.keys() & _ACTS for one in plays) and all(one.keys.keys() & _IMPORTS for one in rest)
    if any(_module(one.keys) is None for one in found):
        return False
    return _FOLDER.search(path) is not None or any(_TELLING.fullmatch(key) for one in found for key in one.keys)


def _module(keys: dict[str, str]) -> str | None:
    """The module of a task, empty for a block or an action; None where the keys are not those of a task."""
    rest = [key for key in keys if key not in KEYWORDS and not key.startswith("with_")]
    if keys.keys() & {"block", "action", "local_action"}:
        return "" if not rest else None
    return rest[0] if len(rest) == 1 and _MODULE.fullmatch(rest[0]) else None


def items(text: str) -> list[Item]:
    """The items of the list of mappings that a text is; none where it is anything else."""
    found: list[Item] = []
    before, inner = "", 0
    offset = 1 if text.startswith("\ufeff") else 0
    for line in text[offset:].split("\n"):
        start, offset = offset, offset + len(line) + 1
        if _PASSED_OVER.match(line):
            continue
        head = _START.match(line)
        if not found:
            if head is None:
                return []
            before, inner = head["before"], head.end("gap")
        if head is not None and head["before"] == before:
            inner = head.end("gap")
            found.append(Item(start, {head["key"].strip("\"'"): line[head.end() :].strip()}))
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth <= len(before):
            return []  # no part of the list
        if depth == inner and (key := _KEY.match(line)) is not None:
            found[-1].keys.setdefault(key["key"].strip("\"'"), line[key.end() :].strip())
    return found


def plays(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each play of a playbook stands, if they are for different hosts; none otherwise."""
    found = items(text)
    if len({one.keys.get("hosts") for one in found if one.is_play}) < 2:
        return
    for one, following in zip(found, [*found[1:], None], strict=True):
        if one.is_play:
            yield one.start, following.start if following is not None else len(text)
