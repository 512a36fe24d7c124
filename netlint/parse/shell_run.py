"""Going through a script: its commands in the order in which they run, with what is known at each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct, structs

from netlint.parse.shell_braces import braces
from netlint.parse.shell_nodes import Assignment, Case, For, Function, Group, If, Pipeline, Simple, Steps, Unread, While
from netlint.parse.shell_nodes import Command as Node
from netlint.parse.shell_syntax import DECLARATIONS, Parser
from netlint.parse.shell_variables import Variable, Variables
from netlint.parse.shell_words import Opaque, RawWord, ShellError
from netlint.parse.tree import Problem, Unsupported, Word
from netlint.parse.words import cut
from netlint.source import Span

# Programs that run the command after them, and their options that take a value.
_CARRIERS: dict[str, tuple[str, ...]] = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "--user", "--group"),
    "doas": ("-u", "-C"),
    "env": ("-u", "--unset", "-C", "--chdir"),
    "nohup": (),
    "setsid": (),
    "exec": ("-a",),
    "command": (),
    "builtin": (),
    "time": (),
    "nice": ("-n",),
    "ionice": ("-c", "-n"),
}
_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
# After `&&`, these ask for a state; anything else is expected to succeed.
_QUESTIONS = ("[", "test", "grep", "which", "command", "type", "hash", "false", "pgrep", "read")
_NAME_VALUE = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_MOST_STEPS = 20_000
_MOST_ROUNDS = 256
_DEEPEST = 20


class Redirect(Struct, frozen=True, kw_only=True):
    """`target` is the file, the word of `<<<`, or the delimiter of a here-document whose text is `body`."""

    operator: str
    target: Word
    body: Word | None = None


class Command(Struct, frozen=True, kw_only=True):
    """A command as it runs: `words` start with the program, `span` covers the whole command as written.

    `variables` are those in force, `input` is the command before it in a pipe.
    """

    span: Span
    words: tuple[Word, ...]
    variables: tuple[Variable, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    input: Command | None = None
    certain: bool = True

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].text.rpartition("/")[2]

    def variable(self, name: str) -> Variable | None:
        return next((variable for variable in self.variables if variable.name == name), None)


class Output:
    """What going through a script yields; shared by the shells inside it."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.problems: list[Problem] = []
        self.unsupported: list[Unsupported] = []
        self.steps = 0


class Shell:
    """Goes through the commands of one text."""

    def __init__(self, text: Word, output: Output, variables: Variables, depth: int = 0) -> None:
        self.text = text
        self.output = output
        self.variables = variables
        self.depth = depth
        self.functions: dict[str, Function] = {}
        self.called: set[str] = set()
        self.active: list[str] = []
        self.left = False
        self.certain = True

    def run_text(self) -> None:
        parser = Parser(self.text.text)
        steps = parser.steps()
        for error in parser.errors:
            self._error(error)
        self.run(steps, self.certain)

    def run_uncalled(self) -> None:
        """Functions that nothing calls: something else may."""
        for name in [name for name in self.functions if name not in self.called]:
            self._call(self.functions[name], None, False)

    def run(self, steps: Steps, certain: bool) -> None:
        for step in steps:
            self.output.steps += 1
            if self.output.steps > _MOST_STEPS:
                if self.output.steps == _MOST_STEPS + 1:
                    self.output.unsupported.append(Unsupported(self.text.span, "a script that runs too long to follow"))
                return
            sure = certain and not self.left
            before: Pipeline | None = None
            for pipeline in step:
                if before is not None and (pipeline.connector == "||" or _asks(before)):
                    sure = False
                self._maybe(sure, certain and not self.left, pipeline)
                before = pipeline

    def _maybe(self, sure: bool, certain: bool, pipeline: Pipeline) -> None:
        if sure == certain:
            self._pipeline(pipeline, sure)
            return
        without = self.variables.copy()
        self._pipeline(pipeline, False)
        self.variables.take_over([without, self.variables])

    def _pipeline(self, pipeline: Pipeline, certain: bool) -> None:
        if len(pipeline.commands) == 1:
            self._node(pipeline.commands[0], certain, None)
            return
        outer, left, before = self.variables, self.left, None
        for node in pipeline.commands:
            self.variables = outer.copy()
            before = self._node(node, certain, before)
        self.variables, self.left = outer, left

    def _node(self, node: Node, certain: bool, before: Command | None) -> Command | None:
        match node:
            case Simple():
                return self._simple(node, certain, before)
            case If(branches, other):
                outcomes: list[Variables] = []
                for index, (condition, body) in enumerate(branches):
                    self.run(condition, certain and not index)
                    outcomes.append(self._branch(body))
                outcomes.append(self._branch(other))
                self.variables.take_over(outcomes)
            case Case(bodies):
                self.variables.take_over([*(self._branch(body) for body in bodies), self.variables.copy()])
            case For():
                self._for(node, certain)
            case While(condition, body):
                self.run(condition, certain)
                self.variables.take_over([self._branch(body), self.variables.copy()])
            case Group(body, subshell):
                if not subshell:
                    self.run(body, certain)
                    return None
                outer, left = self.variables, self.left
                self.variables = outer.copy()
                self.run(body, certain)
                self.variables, self.left = outer, left
            case Function(name):
                self.functions[name] = node
                self.called.discard(name)
            case Unread():
                pass
        return None

    def _branch(self, body: Steps) -> Variables:
        """The variables after `body`, which may or may not run."""
        outer, left = self.variables, self.left
        self.variables = outer.copy()
        self.run(body, False)
        outcome, self.variables, self.left = self.variables, outer, left
        return outcome

    def _for(self, node: For, certain: bool) -> None:
        words = [w for raw in node.words for w in self._words(raw)] if node.words is not None else None
        if words is None or not all(word.exact for word in words) or len(words) > _MOST_ROUNDS:
            unknown = Variable(name=node.name, span=self.text.span, values=None)
            without = self.variables.copy()
            self.variables.set(unknown)
            self.variables.take_over([self._branch(node.body), without])
            return
        for word in words:
            self.variables.set(Variable(name=node.name, span=word.span, values=(word,)))
            self.run(node.body, certain)

    def _simple(self, node: Simple, certain: bool, before: Command | None) -> Command | None:
        self.certain = certain
        assigned = [self._assigned(assignment) for assignment in node.assignments]
        words = [word for raw in node.words for word in self._words(raw)]
        name = words[0].text if words else ""
        if not words or name in DECLARATIONS:
            self._declare(words, assigned)
            return None
        function = self.functions.get(name)
        if function is not None:
            self._call(function, words[1:], certain)
            return None
        self._built_in(name, words[1:], certain)
        redirects = tuple(
            Redirect(operator=r.operator, target=self._one(r.target), body=r.body and self._slice(*r.body))
            for r in node.redirects
        )
        given = {v.name: Variable(name=v.name, span=v.span, values=v.values, exported=True) for v in assigned}
        span = self.text.part(node.start, node.end)
        return self.start(words, span, certain, self.variables.known | given, redirects, before)

    def _assigned(self, node: Assignment) -> Variable:
        span = self.text.part(node.start, node.start + len(node.name))
        scalar = isinstance(node.value, RawWord)
        values: tuple[Word, ...] | None
        if isinstance(node.value, RawWord):
            values = (self._one(node.value),)
        else:
            values = tuple(word for raw in node.value for word in self._expand(raw))
        if node.append:
            before = self.variables.known.get(node.name)
            if before is None or before.values is None:
                values = None
            elif scalar and before.values:
                values = (structs.replace(values[0], text=before.values[0].text + values[0].text, verbatim=False),)
            else:
                values = before.values + values
        if node.indexed or (values is not None and any(_unexpanded(word) for word in values)):
            values = None
        return Variable(name=node.name, span=span, values=values)

    def _declare(self, words: Sequence[Word], assigned: Sequence[Variable]) -> None:
        options = [word.text for word in words[1:] if word.text.startswith("-")]
        exports = bool(words) and (words[0].text == "export" or any("x" in option for option in options))
        for variable in assigned:
            self.variables.set(variable)
        if exports:
            for name in [variable.name for variable in assigned] + [word.text for word in words[1:]]:
                self.variables.export(name)

    def _built_in(self, name: str, words: Sequence[Word], certain: bool) -> None:
        """What the shell's own commands change in it."""
        texts = [word.text for word in words]
        match name:
            case "exit" if certain:
                self.left = True
            case "set" if texts[:1] == ["-a"] or texts[:2] == ["-o", "allexport"]:
                self.variables.export_all = True
            case "set" if texts[:1] == ["+a"] or texts[:2] == ["+o", "allexport"]:
                self.variables.export_all = False
            case "set" if texts[:1] == ["--"]:
                self.variables.positional = words[1:]
            case "unset":
                for text in texts:
                    self.variables.known.pop(text, None)
            case "read" | "mapfile" | "readarray":
                for word in words:
                    self.variables.set(Variable(name=word.text, span=word.span, values=None))
            case "shift" if self.variables.positional is not None:
                count = int(texts[0]) if texts and texts[0].isdecimal() else 1
                self.variables.positional = self.variables.positional[count:]

    def _call(self, function: Function, arguments: Sequence[Word] | None, certain: bool) -> None:
        self.called.add(function.name)
        if function.name in self.active or len(self.active) > _DEEPEST:
            return
        self.active.append(function.name)
        outer, self.variables.positional = self.variables.positional, arguments
        self._node(function.body, certain, None)
        self.variables.positional = outer
        self.active.pop()

    def start(
        self,
        words: Sequence[Word],
        span: Span,
        certain: bool,
        variables: dict[str, Variable],
        redirects: tuple[Redirect, ...] = (),
        before: Command | None = None,
    ) -> Command | None:
        """Start the program that `words` name, past those that only carry it; None where it is a shell."""
        variables = dict(variables)
        while (rest := _carried(words, variables)) is not None:
            words = rest
        if not words:
            return None
        if words[0].text.rpartition("/")[2] in _SHELLS:
            script = next((b for a, b in pairwise(words) if _takes_script(a.text)), None)
            if script is None and len(words) == 1:
                script = next((redirect.body for redirect in redirects if redirect.body is not None), None)
            if script is not None:
                self._inside(script, {k: v for k, v in variables.items() if v.exported}, certain)
                return None
        command = Command(
            span=span,
            words=tuple(words),
            variables=tuple(variables.values()),
            redirects=redirects,
            input=before,
            certain=certain,
        )
        self.output.commands.append(command)
        return command

    def _inside(self, text: Word, variables: dict[str, Variable], certain: bool) -> None:
        if self.depth >= _DEEPEST:
            self.output.unsupported.append(Unsupported(text.span, "a command inside too many others"))
            return
        shell = Shell(text, self.output, Variables(dict(variables)), self.depth + 1)
        shell.certain = certain
        shell.run_text()

    def _substituted(self, piece: Opaque) -> None:
        """Go through the commands of `$(…)` and of backquotes: they run, whatever becomes of their output."""
        opening = 2 if self.text.text.startswith("$(", piece.start) else 1
        written = self.text.text[piece.start : piece.end]
        if written.startswith(("$(", "`")) and not written.startswith("$(("):
            inner = self._slice(piece.start + opening, piece.end - 1)
            self._inside(inner, self.variables.known, self.certain)

    def _expand(self, raw: RawWord) -> list[Word]:
        return self.variables.expand(raw, self.text, self._substituted)

    def _words(self, raw: RawWord) -> list[Word]:
        """The words that `raw` gives where braces expand: in commands and loops."""
        texts = braces(raw)
        if texts is None:
            return self._expand(raw)
        span = self.text.part(raw.start, raw.end)
        return [Word(text, span, False) for text in texts] or [Word(raw.plain or "", span, False, (), False)]

    def _one(self, raw: RawWord) -> Word:
        """The word that `raw` gives where the shell splits nothing: in assignments and redirections."""
        words = self._expand(raw)
        if len(words) == 1:
            return words[0]
        exact = all(word.exact for word in words)
        return Word(" ".join(word.text for word in words), self.text.part(raw.start, raw.end), False, (), exact)

    def _slice(self, start: int, end: int) -> Word:
        return Word(self.text.text[start:end], self.text.part(start, end), self.text.verbatim)

    def _error(self, error: ShellError) -> None:
        end = min(error.end, len(self.text.text))
        self.output.problems.append(Problem(self.text.part(min(error.start, end), end), str(error)))


def _asks(pipeline: Pipeline) -> bool:
    """True for a pipeline whose outcome is a question, like `[ -f x ]`."""
    last = pipeline.commands[-1]
    if pipeline.negated or isinstance(last, Unread):
        return True
    return isinstance(last, Simple) and bool(last.words) and last.words[0].plain in _QUESTIONS


def _unexpanded(word: Word) -> bool:
    return not word.exact and ("$" in word.text or "`" in word.text)


def _takes_script(option: str) -> bool:
    return option.startswith("-") and not option.startswith("--") and option.endswith("c")


def _carried(words: Sequence[Word], variables: dict[str, Variable]) -> Sequence[Word] | None:
    """The words after a program like `sudo` and its options; assignments on the way go into `variables`."""
    if not words:
        return None
    program = words[0].text.rpartition("/")[2]
    valued = _CARRIERS.get(program)
    if valued is None:
        return None
    at = 1
    while at < len(words):
        text = words[at].text
        named = _NAME_VALUE.match(text) if program in ("sudo", "doas", "env") else None
        if text == "--":
            at += 1
            break
        if program == "command" and text in ("-v", "-V"):
            return None
        if text.startswith("-"):
            at += 2 if text in valued else 1
        elif named is not None:
            value = cut(words[at], named.end())
            variables[named[1]] = Variable(
                name=named[1], span=words[at].part(0, named.end(1)), values=(value,), exported=True
            )
            at += 1
        else:
            break
    return words[at:] if at < len(words) else None
