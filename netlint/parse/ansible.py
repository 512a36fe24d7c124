"""Ansible playbooks and files of tasks: what literal tasks run on a host and write to it.

Tasks become commands and files (ansible_modules.py) in the order in which they stand: `pre_tasks`, `tasks`,
`post_tasks`. A task with `when`, of a handler or of a rescue only may run. Loops over literal items are unrolled.
What a template (`{{ … }}`) decides is not known unless the playbook itself sets its variables to literals
(ansible_variables.py), and a command that one completes is said to be not understood.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import structs
from msgspec.structs import replace

from netlint.parse import yaml
from netlint.parse.ansible_keywords import KEYWORDS
from netlint.parse.ansible_modules import EFFECTIVE, MODULES, NOT_MODELLED, changes
from netlint.parse.ansible_task import Failed, Task
from netlint.parse.ansible_values import Items, arguments
from netlint.parse.ansible_variables import Variables, variables_of
from netlint.parse.placed import Placed
from netlint.parse.provision import MAX_FILES, MAX_TEXT, Provision, Written, inner_path
from netlint.parse.shell import Command, read
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Unsupported, Word
from netlint.parse.tree import Sequence as List
from netlint.source import Source, Span

_COLLECTIONS = re.compile(r"(?:ansible\.(?:builtin|legacy|posix)|community\.(?:docker|general))\.(?P<name>\w+)")
_OF_NETWORKS = ("docker_container", "docker_network", "docker_swarm", "iptables", "sysctl", "ufw")
_PLAY_TASKS = ("pre_tasks", "tasks", "post_tasks")
_MOST_ROUNDS = 256
_MOST_TASKS = 20_000
_DEEPEST = 20
_FALSE = ("false", "no")


class _State(NamedTuple):
    """`sure`: the task runs whenever its play does."""

    sure: bool
    variables: Variables
    depth: int = 0


def parse(source: Source) -> tuple[Provision, list[Problem]]:
    """The commands and files of all plays of a playbook, or of a file of tasks."""
    documents, problems = yaml.parse(source)
    reader = _Reader(source)
    variables = variables_of(documents)
    handlers = source.path.rpartition("/")[0].endswith("handlers")
    for document in documents:
        for item in document.items if isinstance(document, List) else ():
            if not isinstance(item, Mapping):
                continue
            if item.get("hosts") is not None:
                files = item.get("vars_files") is not None  # what they hold counts more
                own = Variables(every=True) if files else variables.extended(item.get("vars"))
                for key in _PLAY_TASKS:
                    reader.tasks(item.get(key), _State(True, own))
                reader.tasks(item.get("handlers"), _State(False, own))
            else:
                reader.task(item, _State(not handlers, variables))
    provision = Provision(
        commands=tuple(reader.commands),
        files=tuple(reader.files),
        texts=(reader.text,) if reader.text.length else (),
        unsupported=tuple(dict.fromkeys(reader.unsupported)),
    )
    return provision, [*problems, *reader.problems]


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = Placed(inner_path(source.path, "tasks"), source)
        self.commands: list[Command] = []
        self.files: list[Written] = []
        self.unsupported: list[Unsupported] = []
        self.problems: list[Problem] = []
        self.rounds = 0
        self.left = MAX_FILES

    def tasks(self, node: Node | None, state: _State) -> None:
        for item in node.items if isinstance(node, List) else ():
            if isinstance(item, Mapping):
                self.task(item, state)

    def task(self, task: Mapping, state: _State) -> None:
        runs = _runs(task, state.sure)
        if runs is None or state.depth > _DEEPEST or self._is_over(task.span):
            return
        variables = state.variables.extended(task.get("vars"))
        if task.get("block") is not None:
            inner = _State(runs, variables, state.depth + 1)
            self.tasks(task.get("block"), inner)
            self.tasks(task.get("rescue"), inner._replace(sure=False))
            self.tasks(task.get("always"), inner)
            return
        found = _module(task)
        if found is None:
            return
        key, name, node = found
        if task.get("delegate_to") is not None or key.text == "local_action" or _is_local(task):
            if name in MODULES and _concerns_networks(name, node):
                self.unsupported.append(Unsupported(key.span, "a task for another host"))
            return
        given = arguments(node)
        extra = task.get("args")
        if isinstance(extra, Mapping):
            given = {**given, **{one.text: value for one, value in extra.items()}}
        loop = _loop(task, variables)
        for items in loop if loop is not None else [Items(variables)]:
            if self._is_over(task.span):
                return
            own = {one: variables.resolved(value, items.name, items.node) for one, value in given.items()}
            self._module(Task(self.source, key, node, own, items, runs and loop is not None), name)

    def _is_over(self, span: Span) -> bool:
        """Whether there is more than anybody would write; aliases of YAML may stand for any number of tasks."""
        self.rounds += 1
        if self.rounds > _MOST_TASKS or self.text.length > MAX_TEXT or self.left < 0:
            self.unsupported.append(Unsupported(span, "tasks that are too many to follow"))
            return True
        return False

    def _module(self, task: Task, name: str) -> None:
        if name in NOT_MODELLED:
            self.unsupported.append(Unsupported(task.key.span, f"the module {name}"))
            return
        module = MODULES.get(name)
        if module is None:
            return
        for one in module(task):
            match one:
                case Failed(span=span, what=what):
                    self.unsupported.append(Unsupported(span, what))
                case Command():
                    self.commands.append(one)
                case Placed():
                    self._shell(one, task)
                case Written():
                    self.left -= one.content.length
                    self.files.append(one)

    def _shell(self, placed: Placed, task: Task) -> None:
        """Read the text of a shell, which is an own one for each task."""
        start = self.text.length
        self.text.extend(placed)
        self.text.add("\n", task.key.span)
        text = placed.text
        script, problems = read(Word(text, Span(self.text.path, start, start + len(text))))
        if not task.open:
            self.problems += (structs.replace(problem, span=self.text.moved(problem.span)) for problem in problems)
        self.unsupported += (structs.replace(item, span=self.text.moved(item.span)) for item in script.unsupported)
        for command in script.commands:
            if task.open and changes(command) and any("${" in word.text for word in command.words):
                what = "a command that a template completes"
                self.unsupported.append(Unsupported(self.text.moved(command.span), what))
            self.commands.append(command if task.sure else replace(command, certain=False))


def _runs(task: Mapping, sure: bool) -> bool | None:
    """Whether the task runs for sure; None where it never does."""
    when = task.get("when")
    if isinstance(when, Scalar) and when.text.lower() in _FALSE:
        return None
    check = task.get("check_mode")
    if isinstance(check, Scalar) and check.text.lower() in ("true", "yes"):
        return None
    tags = task.get("tags")
    names = tags.items if isinstance(tags, List) else (tags,)
    never = any(isinstance(one, Scalar) and one.text == "never" for one in names)
    always = when is None or (isinstance(when, Scalar) and when.text.lower() in ("true", "yes"))
    return sure and always and not never


def _module(task: Mapping) -> tuple[Scalar, str, Node] | None:
    """The key of the module, its own name and its arguments; None for one that nothing is known of."""
    for key, value in task.items():
        if key.text in ("action", "local_action") and isinstance(value, Scalar):
            name, _, rest = value.text.partition(" ")
            start = value.start + len(name) + 1 if value.start is not None else None
            span = value.span if start is None else Span(value.span.source, start, start + len(rest))
            module = module_name(name)
            return (key, module, Scalar(span=span, text=rest, value=rest, start=start)) if module is not None else None
        if key.text not in KEYWORDS and not key.text.startswith("with_"):
            module = module_name(key.text)
            return (key, module, value) if module is not None else None
    return None


def module_name(key: str) -> str | None:
    """The module's name without its collection; None for one of a collection that is not known."""
    found = _COLLECTIONS.fullmatch(key)
    return found["name"] if found is not None else None if "." in key else key


def _concerns_networks(name: str, node: Node) -> bool:
    """Whether a task on another host does there what would be looked at here."""
    words = [*arguments(node).values(), node]
    items = [item for word in words for item in (word.items if isinstance(word, List) else (word,))]
    texts = " ".join(item.text for item in items if isinstance(item, Scalar))
    return name in _OF_NETWORKS or not EFFECTIVE.isdisjoint(re.findall(r"[\w-]+", texts))


def _is_local(task: Mapping) -> bool:
    connection = task.get("connection")
    return isinstance(connection, Scalar) and connection.text in ("local", "ansible.builtin.local")


def _loop(task: Mapping, variables: Variables) -> list[Items] | None:
    """The rounds of the task's loop, one for a task without; None where only a run tells them."""
    control = task.get("loop_control")
    variable = control.get("loop_var") if isinstance(control, Mapping) else None
    name = variable.text if isinstance(variable, Scalar) else "item"
    for key, value in task.items():
        if key.text in ("loop", "with_items", "with_list"):
            rounds = variables.resolved(value)
            if not isinstance(rounds, List) or len(rounds.items) > _MOST_ROUNDS:
                return None
            return [Items(variables, name, item) for item in rounds.items]
        if key.text.startswith("with_"):
            return None
    return [Items(variables)]
