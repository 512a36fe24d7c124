r"""The grammar of a shell script: text to a list of steps, nothing expanded. Goes on at the next line after an error.

    list      = *( newline | step [ ";" | "&" ] )
    step      = pipeline *( ( "&&" | "||" ) pipeline )
    pipeline  = [ "!" ] command *( ( "|" | "|&" ) command )
    command   = ( if | for | while | case | group | function ) *redirect | simple
    if        = "if" list "then" list *( "elif" list "then" list ) [ "else" list ] "fi"
    for       = ( "for" | "select" ) name [ "in" *word ] ";" "do" list "done" | "for" "((" … "))" "do" list "done"
    while     = ( "while" | "until" ) list "do" list "done"
    case      = "case" word "in" *( ["("] word *( "|" word ) ")" list ( ";;" | ";&" | ";;&" ) ) "esac"
    group     = "{" list "}" | "(" list ")"
    function  = ( "function" name [ "()" ] | name "()" ) command
    simple    = *assignment *( word | redirect )            ; `declare` and its like take assignments as words
    assignment= name [ "[" … "]" ] [ "+" ] "=" ( word | "(" *word ")" )
    redirect  = [ digits ] ( "<" | ">" | ">>" | "<<" | "<<-" | "<<<" | ">&" | "<&" | ">|" | "<>" | "&>" | "&>>" ) word

Here-documents start after the line that asks for them, reserved words are words elsewhere, and one bad line must not
cost the rest: a table-driven parser (lark) would leave all three to code around it, so this is recursive descent.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netlint.parse.shell_nodes import (
    Assignment,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Simple,
    Steps,
    Unread,
    While,
)
from netlint.parse.shell_words import PLACEHOLDER, Literal, RawWord, ShellError, read_word, skip_parentheses

DECLARATIONS = ("export", "declare", "typeset", "local", "readonly")

_RESERVED = re.compile(r"(?:[a-z]+|[{}!]|\[\[)(?=[\s;&|<>()]|$)")
_CLOSERS = ("then", "elif", "else", "fi", "do", "done", "esac", "}")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]\s]*\])?(\+?)=", re.ASCII)
_FUNCTION = re.compile(r"([A-Za-z_][\w.:-]*)[ \t]*\([ \t]*\)", re.ASCII)
_REDIRECT = re.compile(r"(\d*)(&>>|&>|<<-|<<<|<<|>>|>&|<&|>\||<>|<(?!\()|>(?!\())")
_CASE_END = re.compile(r";;&|;;|;&")
_NAME = re.compile(r"[A-Za-z_]\w*(?=[\s;]|$)", re.ASCII)
_CONDITION_END = re.compile(r"\s\]\](?=[\s;&|)]|$)")
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_DEEPEST = 40


class Parser:
    """One pass over `text`; `errors` gathers what could not be read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.errors: list[ShellError] = []
        self.open: list[tuple[str, ...]] = []
        self.waiting: list[tuple[list[Redirect], int]] = []
        self.depth = 0
        self.blocks: dict[str, Callable[[int], Command]] = {
            "if": self._if,
            "for": self._for,
            "select": self._for,
            "while": self._while,
            "until": self._while,
            "case": self._case,
            "{": self._group,
            "(": self._subshell,
            "function": self._function,
            "[[": self._condition,
        }

    def steps(self, *closers: str) -> Steps:
        """Steps up to one of `closers`, which stays unread, or to a closer of an enclosing block."""
        self.open.append(closers)
        found: list[tuple[Pipeline, ...]] = []
        while not self._ends():
            before = self.at
            try:
                found.append(self._step())
            except ShellError as error:
                self.errors.append(error)
                self.at = max(error.start, before)
                self._skip_line()
        self.open.pop()
        return tuple(found)

    def _ends(self) -> bool:
        while True:
            self._blank()
            if self.at >= len(self.text):
                return True
            if self.text[self.at] == "\n":
                self._newline()
                continue
            word = self._reserved()
            closer = word if word in _CLOSERS else ")" if self.text[self.at] == ")" else None
            ending = _CASE_END.match(self.text, self.at)
            if ending is not None:
                closer = ";;"
            if closer is None:
                if self.text[self.at] not in ";&":
                    return False
                self.at += 1
            elif any(closer in closers for closers in self.open):
                return True
            else:
                end = ending.end() if ending is not None else self.at + len(closer)
                self.errors.append(ShellError(f"'{self.text[self.at : end]}' closes nothing", self.at, end))
                self.at = end

    def _step(self) -> tuple[Pipeline, ...]:
        pipelines = [self._pipeline("")]
        while True:
            self._blank()
            connector = self.text[self.at : self.at + 2]
            if connector not in ("&&", "||"):
                return tuple(pipelines)
            self.at += 2
            self._blank_lines()
            pipelines.append(self._pipeline(connector))

    def _pipeline(self, connector: str) -> Pipeline:
        self._blank()
        negated = self._take("!")
        commands = [self._command()]
        while True:
            self._blank()
            if not self.text.startswith("|", self.at) or self.text.startswith("||", self.at):
                return Pipeline(connector, negated, tuple(commands))
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self._blank_lines()
            commands.append(self._command())

    def _command(self) -> Command:
        self._blank()
        start, word = self.at, self._reserved()
        if self.depth > _DEEPEST:
            raise ShellError("blocks are nested too deeply", start, start + 1)
        self.depth += 1
        try:
            if self.text.startswith("((", start):
                self.at = skip_parentheses(self.text, start)
                return Unread(start, self.at)
            read = self.blocks.get(word or self.text[start : start + 1])
            if read is not None:
                self.at += len(word)
                block = read(start)
                self._redirects([])
                return block
            found = _FUNCTION.match(self.text, start)
            if found is not None:
                self.at = found.end()
                return self._body_of(found[1])
            return self._simple()
        finally:
            self.depth -= 1

    def _if(self, start: int) -> If:
        branches: list[tuple[Steps, Steps]] = []
        while True:
            condition = self.steps("then", "elif", "else", "fi")
            self._expect("then", start)
            branches.append((condition, self.steps("elif", "else", "fi")))
            if not self._take("elif"):
                break
        other = self.steps("fi") if self._take("else") else ()
        self._expect("fi", start)
        return If(tuple(branches), other)

    def _for(self, start: int) -> For:
        self._blank()
        name, words = "", None
        if self.text.startswith("((", self.at):
            self.at = skip_parentheses(self.text, self.at)
        else:
            found = _NAME.match(self.text, self.at)
            if found is None:
                raise ShellError("a loop needs the name of a variable", start, self.at)
            name, self.at = found.group(), found.end()
            self._blank_lines()
            if self._take("in"):
                words = self._words()
        return For(name, words, self._do(start))

    def _while(self, start: int) -> While:
        condition = self.steps("do", "done")
        return While(condition, self._do(start))

    def _do(self, start: int) -> Steps:
        self._blank()
        if self.text.startswith(";", self.at):
            self.at += 1
        self._blank_lines()
        self._expect("do", start)
        body = self.steps("done")
        self._expect("done", start)
        return body

    def _case(self, start: int) -> Case:
        self._blank()
        self._word(start)
        self._blank_lines()
        self._expect("in", start)
        bodies: list[Steps] = []
        while True:
            self._blank_lines()
            if self.at >= len(self.text) or self._reserved() == "esac":
                break
            self.at = self._pattern_end(start) + 1
            bodies.append(self.steps(";;", "esac"))
            ending = _CASE_END.match(self.text, self.at)
            if ending is None:
                break
            self.at = ending.end()
        self._expect("esac", start)
        return Case(tuple(bodies))

    def _pattern_end(self, start: int) -> int:
        at = self.at + 1 if self.text.startswith("(", self.at) else self.at
        while True:
            while at < len(self.text) and self.text[at] in " \t|":
                at += 1
            word = read_word(self.text, at)
            at = word.end
            if word.start == word.end:
                if self.text[at : at + 1] != ")":
                    raise ShellError("a case needs 'pattern)'", start, start + 4)
                return at

    def _group(self, start: int) -> Group:
        body = self.steps("}")
        self._expect("}", start)
        return Group(body, False)

    def _subshell(self, start: int) -> Group:
        self.at += 1
        body = self.steps(")")
        if self.text.startswith(")", self.at):
            self.at += 1
        else:
            self.errors.append(ShellError("'(' is not closed", start, start + 1))
        return Group(body, True)

    def _function(self, start: int) -> Function:
        self._blank()
        name = self._word(start).plain or ""
        self._blank()
        if self.text.startswith("(", self.at):
            self.at = skip_parentheses(self.text, self.at)
        return self._body_of(name)

    def _body_of(self, name: str) -> Function:
        self._blank_lines()
        return Function(name, self._command())

    def _condition(self, start: int) -> Unread:
        found = _CONDITION_END.search(self.text, self.at)
        if found is None:
            raise ShellError("[[ is not closed", start, start + 2)
        self.at = found.end()
        return Unread(start, found.end())

    def _simple(self) -> Simple:
        start = end = self.at
        assignments, words, redirects = list[Assignment](), list[RawWord](), list[Redirect]()
        while True:
            self._blank()
            if self._redirects(redirects):
                end = self.at
                continue
            if self.at >= len(self.text) or self._at_operator():
                break
            declares = bool(words) and words[0].plain in DECLARATIONS
            found = _ASSIGNMENT.match(self.text, self.at) if not words or declares else None
            if found is not None:
                assignments.append(self._assignment(found))
            else:
                words.append(read_word(self.text, self.at))
                self.at = words[-1].end
            end = self.at
        if end == start:
            char = self.text[start : start + 1]
            message = f"a command cannot start with {char!r}" if char.strip() else "a command is missing"
            raise ShellError(message, start, start + 1)
        return Simple(start, end, tuple(assignments), tuple(words), redirects)

    def _at_operator(self) -> bool:
        word = self.text.startswith(("<(", ">("), self.at) or PLACEHOLDER.match(self.text, self.at) is not None
        return self.text[self.at] in "\n;&|<>()" and not word

    def _assignment(self, found: re.Match[str]) -> Assignment:
        self.at = found.end()
        value: RawWord | tuple[RawWord, ...]
        if self.text.startswith("(", self.at):
            closing = skip_parentheses(self.text, self.at)
            self.at += 1
            items: list[RawWord] = []
            self._blank_lines()
            while self.at < closing - 1:
                items.append(self._word(found.start()))
                self._blank_lines()
            self.at, value = closing, tuple(items)
        else:
            value = read_word(self.text, self.at)
            self.at = value.end
        return Assignment(found[1], value, found.start(), self.at, bool(found[3]), found[2] is not None)

    def _redirects(self, redirects: list[Redirect]) -> bool:
        """Read the redirections that stand here."""
        some = False
        while True:
            self._blank()
            found = _REDIRECT.match(self.text, self.at)
            if found is None or PLACEHOLDER.match(self.text, self.at):
                return some
            some, self.at = True, found.end()
            self._blank()
            redirects.append(Redirect(found[2], self._word(found.start())))
            if found[2] in ("<<", "<<-"):
                self.waiting.append((redirects, len(redirects) - 1))

    def _newline(self) -> None:
        """Go to the next line, past the here-documents that this one asked for."""
        self.at += 1
        for redirects, index in self.waiting:
            redirect = redirects[index]
            delimiter = "".join(piece.text for piece in redirect.target.pieces if isinstance(piece, Literal))
            start = self.at
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line, ending = self.text[self.at : end].rstrip("\r"), self.at
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if redirect.operator == "<<-" else line) == delimiter:
                    break
            else:
                ending = self.at
                self.errors.append(ShellError("the here-document does not end", *redirect.target[:2]))
            redirects[index] = redirect._replace(body=(start, ending))
        self.waiting.clear()

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _blank(self) -> None:
        """Skip blanks, continued lines and a comment, but no line end."""
        found = _BLANK.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        if self.text.startswith("#", self.at):
            self._skip_line()

    def _blank_lines(self) -> None:
        self._blank()
        while self.text.startswith("\n", self.at):
            self._newline()
            self._blank()

    def _reserved(self) -> str:
        """The reserved word that may stand here, unread."""
        found = _RESERVED.match(self.text, self.at)
        return found.group() if found is not None else ""

    def _take(self, word: str) -> bool:
        taken = self._reserved() == word
        if taken:
            self.at += len(word)
        return taken

    def _expect(self, word: str, start: int) -> None:
        """Take `word`, which the block that starts at `start` needs."""
        if not self._take(word):
            end = found.end() if (found := _RESERVED.match(self.text, start)) is not None else start + 1
            self.errors.append(ShellError(f"'{self.text[start:end]}' has no '{word}'", start, end))

    def _word(self, start: int) -> RawWord:
        word = read_word(self.text, self.at)
        if word.start == word.end:
            raise ShellError("a word is missing", start, max(self.at, start + 1))
        self.at = word.end
        return word

    def _words(self) -> tuple[RawWord, ...]:
        words: list[RawWord] = []
        while True:
            self._blank()
            word = read_word(self.text, self.at)
            if word.start == word.end:
                return tuple(words)
            self.at = word.end
            words.append(word)
