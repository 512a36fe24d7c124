"""What dockerd is told: options of daemon.json and of its command line, each with its place."""

from __future__ import annotations

import re
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Prefix
from netlint.source import Span

OptionValue: TypeAlias = str | bool | int | tuple[str, ...] | None


class EngineVersion(Struct, frozen=True):
    """A Docker version: `numbers` of "20.10.24+dfsg1" is (20, 10, 24)."""

    numbers: tuple[int, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> EngineVersion | None:
        found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text.strip())
        if found is None:
            return None
        return cls(tuple(int(part) for part in found.groups() if part is not None), text.strip())

    def __str__(self) -> str:
        return self.text


class Setting(Enum):
    """Where an option is set."""

    FILE = "daemon.json"
    FLAG = "command line"
    RUNNING = "docker info"


class Option(Struct, frozen=True, kw_only=True):
    """One option as set once.

    `name` is the key of daemon.json (flag `-b` gives "bridge"); `value` is typed as the source types it: a list option
    gives a tuple of strings, a structured value (default-address-pools, log-opts) its text. `span` covers the value,
    `name_span` the key or flag. Flags that may be repeated give one option for a command line: a tuple with all values,
    `span` and `name_span` those of the first.

    `known` is False where no engine has such an option; `suggestion` then names the one that may be meant. `ignored`:
    a key of daemon.json that is the name of a flag only (`dns-opt` for `dns-opts`), which dockerd accepts and leaves
    unused; `suggestion` is the key. `exact` is False where a variable or template mark stands in the value.
    `type_error` says what dockerd has against the value's type, `error_span` where: one of several uses of a flag may
    be the wrong one. Engines from `since` on and before `removed` have the
    option; None: as long as there are options, and to this day.
    """

    name: str
    value: OptionValue
    span: Span
    name_span: Span
    setting: Setting
    items: tuple[Located[str], ...] = ()
    known: bool = True
    exact: bool = True
    ignored: bool = False
    suggestion: str = ""
    type_error: str = ""
    error_span: Span | None = None
    since: tuple[int, ...] | None = None
    removed: tuple[int, ...] | None = None


class Pool(Struct, frozen=True, kw_only=True):
    """One entry of default-address-pools; `base` is None where it is no prefix, `size` None where it is missing."""

    span: Span
    written: Located[str] | None
    base: Prefix | None
    size: Located[int] | None
    setting: Setting

    @property
    def exact(self) -> bool:
        """False where a variable or a template decides the base or the size."""
        return all(one is None or one.exact for one in (self.written, self.size))


class ExecStart(Struct, frozen=True, kw_only=True):
    """One effective or overridden `ExecStart=` line of a unit that starts dockerd; `program` is what it runs.

    `unit` is the unit's name, that of docker.service for its drop-ins too, `drop_in` whether `file` is one of these.
    `after_reset`: an empty `ExecStart=` stands before it in the unit or its drop-ins. `excerpt`: only a part of the
    unit was given, so that one may stand for the other.
    """

    span: Span
    program: str
    effective: bool
    file: str
    unit: str = "docker.service"
    drop_in: bool = False
    after_reset: bool = False
    excerpt: bool = False


class UnusedDefault(Struct, frozen=True):
    """An assignment in a file of defaults whose options reach no dockerd; `flags` are their names (`--bip`)."""

    name: str
    flags: tuple[str, ...]
    span: Span


class Daemon(Struct, frozen=True, kw_only=True):
    """All that is set, in order, with defaults left out. `files`: the configuration files that were given.

    `exec_starts` holds every `ExecStart=`, also those that an empty one resets; more than one that is `effective` makes
    systemd refuse the unit. `unused_defaults`: assignments of /etc/default/docker and its like with options for dockerd
    that its unit does not pass on.
    """

    span: Span
    options: tuple[Option, ...] = ()
    pools: tuple[Pool, ...] | None = None
    files: tuple[Span, ...] = ()
    exec_starts: tuple[ExecStart, ...] = ()
    unused_defaults: tuple[UnusedDefault, ...] = ()

    @property
    def configured(self) -> bool:
        """Whether a file or command line was given, and not only what the running engine says of itself."""
        return bool(self.files or self.exec_starts) or any(one.setting is not Setting.RUNNING for one in self.options)

    def all(self, name: str) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.name == name)

    def get(self, name: str) -> Option | None:
        """The option as it holds: the last one set (dockerd refuses to start where file and flag both set it)."""
        return next((option for option in reversed(self.options) if option.name == name), None)

    def flag(self, name: str, default: bool) -> bool:
        """The value of a boolean option."""
        option = self.get(name)
        return option.value if option is not None and isinstance(option.value, bool) else default

    def text(self, name: str) -> Located[str] | None:
        """The value of a string option, None where it is unset or empty."""
        option = self.get(name)
        if option is None or not isinstance(option.value, str) or not option.value:
            return None
        return Located(option.value, option.span, option.exact)
