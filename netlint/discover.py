"""Finds the files of a run: paths, directories, archives and standard input to inputs of a known format."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from netlint.build.compose_files import Library, named_files
from netlint.decode import decode
from netlint.formats import FORMATS, is_archive
from netlint.pattern import pattern
from netlint.sniff import PASTED, WHOLE, may_hold_listings, named_format, namespace, sniff
from netlint.sniff_command import name_format, path_namespace
from netlint.source import Source
from netlint.suggest import did_you_mean
from netlint.texts import Texts

if TYPE_CHECKING:
    from netlint.archive import Member
    from netlint.spool import Spool
    from netlint.transcript import Part

# An iptables dump of a million lines is 100 MB. YAML and JSON become trees many times their size.
MAX_TEXT = 512 << 20
MAX_TREE = 64 << 20
_HEAD = 64 << 10
# Directories that hold copies, tools or caches: never a host's or a project's own configuration.
_NOT_ENTERED = frozenset(
    """.git .hg .svn .bzr node_modules bower_components .venv venv __pycache__ .terraform .tox .nox .eggs .cache
    .mypy_cache .ruff_cache .pytest_cache .hypothesis .gradle .idea .vscode overlay2""".split()
)
_BINARY = frozenset(
    """png jpg jpeg gif ico webp bmp pdf woff woff2 ttf otf eot mp3 mp4 mov avi webm o a so dll exe class jar war
    whl pyc gz xz bz2 zst lz4 7z rar rpm deb iso img qcow2 db sqlite sqlite3 bin pem key crt journal""".split()
)
_INPUTS = pattern(r"(?:^|/)(?:(?:docker-)?compose(?:\.[^/]*)?\.ya?ml|(?:docker|containerd)\.service)$")


class DiscoveryError(Exception):
    """Arguments that name no input."""


class Input(Struct, frozen=True):
    """A file that netlint takes in.

    `source.path` is unique in a run, but for the parts of a transcript, of which each is an input. `root` is the
    absolute path of the directory or archive that it is relative to, `namespace` the container or network namespace
    that a listing belongs to (None: the host's own), `named` whether the user gave this very file. `host` is the host
    at whose prompt a part was printed, where one text shows several.
    """

    source: Source
    format: str
    root: str
    namespace: str | None = None
    named: bool = False
    host: str | None = None


class Unread(Struct, frozen=True):
    """A file that is not taken in, and why."""

    path: str
    reason: str


class Discovery(Struct, frozen=True):
    """What was found. `unreadable` was given by name or looks like an input; `skipped` was left out on purpose.

    `root` is the absolute path that the inputs' paths are relative to, `named` the paths given by name, `ignored`
    how many files of directories and archives are of no format that netlint knows. `directories` are the paths of those
    directories and archives, `passed` what is in them beside the inputs. `spool` keeps texts where there are many.
    """

    inputs: list[Input]
    unreadable: list[Unread]
    skipped: list[Unread]
    root: str
    named: frozenset[str]
    ignored: int
    directories: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    spool: Spool | None = None

    def missing(self, path: str) -> str:
        """What is wrong with a path that an input names: "is not there", "cannot be read: …"; empty where nobody knows.

        Nothing is looked up: only what was gone through is known.
        """
        reason = next((one.reason for one in self.unreadable if one.path == path), None)
        if reason is not None:
            return f"cannot be read: {reason}"
        parts = path.split("/")
        above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
        known = self.passed | {one.path for one in (*self.unreadable, *self.skipped)}
        if above & known or not _NOT_ENTERED.isdisjoint(parts) or not may_hold_listings(path):
            return ""
        if any(item.source.path.startswith(path + "/") for item in self.inputs):
            return "is a directory"
        given = any(item.source.path == path for item in self.inputs)
        inside = any(not folder or path.startswith(folder + "/") for folder in self.directories)
        return "is not there" if inside and not given and parts[0] not in ("", "..") else ""


def discover(
    paths: Sequence[str],
    *,
    stdin: BinaryIO | None = None,
    as_format: str | None = None,
    stdin_filename: str | None = None,
) -> Discovery:
    """The inputs that `paths` hold: files, directories, archives, `-` for `stdin`.

    Paths of the result are relative to the one directory or archive given, otherwise to the working directory.
    `as_format` is the format of standard input and of the files given by name. Links inside directories are not
    followed: where they lead inside the directory, their target is read under its own name.
    DiscoveryError for arguments that make no sense; what cannot be read is in the result.
    """
    if as_format is not None and as_format not in FORMATS:
        hint = did_you_mean(as_format, FORMATS) or f"; known are {', '.join(FORMATS)}"
        raise DiscoveryError(f"--as: unknown format '{as_format}'{hint}")
    if stdin_filename is not None and "-" not in paths:
        raise DiscoveryError("--stdin-filename needs the path - (standard input)")
    alone = len(paths) == 1 and paths[0] != "-" and (os.path.isdir(paths[0]) or _opens(paths[0]))
    collector = _Collector(os.path.abspath(paths[0]) if alone else os.getcwd(), as_format)
    for path in paths:
        if path == "-":
            if stdin is None:
                raise DiscoveryError("nothing to read on standard input")
            collector.stream(stdin, stdin_filename or "stdin")
        elif os.path.isdir(path):
            collector.directory(path)
        elif _opens(path):
            collector.archive(path, "" if alone else collector.shown(path))
        else:
            collector.named_file(path)
    return collector.result()


def _opens(path: str) -> bool:
    return is_archive(path) and os.path.isfile(path)


class _Collector:
    def __init__(self, root: str, as_format: str | None) -> None:
        self.root = root
        self.as_format = as_format
        self.inputs: dict[str, Input] = {}
        self.parts: dict[str, list[Input]] = {}
        self.unreadable: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.named: set[str] = set()
        self.directories: list[str] = []
        self.passed: set[str] = set()
        self.left: dict[str, str] = {}  # files of no known format, with their paths on disk
        self.ignored = 0
        self.texts = Texts()

    def result(self) -> Discovery:
        self._follow_compose()
        self._drop_environments()
        return Discovery(
            inputs=[
                part
                for path in sorted({*self.inputs, *self.parts})
                for part in self.parts.get(path) or [self.inputs[path]]
            ],
            unreadable=[Unread(path, reason) for path, reason in sorted(self.unreadable.items())],
            skipped=[Unread(path, reason) for path, reason in sorted(self.skipped.items())],
            root=self.root,
            named=frozenset(self.named),
            ignored=self.ignored,
            directories=tuple(self.directories),
            passed=frozenset(self.passed),
            spool=self.texts.spool,
        )

    def _follow_compose(self) -> None:
        """Take the files of no format of their own that a Compose file includes, extends or reads variables from."""
        taken = bool(self.left)
        while taken:
            taken = False
            files = [item for item in self.inputs.values() if item.format in ("compose", "env-file")]
            for path, key in named_files(Library((item.source, item.format) for item in files)):
                real = self.left.pop(path, None)
                if real is not None and not os.path.islink(real):
                    found = "env-file" if key == "env_file" else "compose"
                    with suppress(OSError), open(real, "rb") as file:
                        self._take(path, file.read, None, as_format=found)
                        taken = path in self.inputs or taken
                        self.ignored -= path in self.inputs

    def _drop_environments(self) -> None:
        """Environment files mean something only to Compose files."""
        if not any(item.format == "compose" for item in self.inputs.values()):
            for path in [path for path, item in self.inputs.items() if item.format == "env-file" and not item.named]:
                del self.inputs[path]
                self._not_taken(path, "", named=False)

    def shown(self, path: str) -> str:
        """`path` as the report shows it."""
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def stream(self, stdin: BinaryIO, name: str) -> None:
        name = name.replace(os.sep, "/")
        self.named.add(name)
        self._take(name, stdin.read, None, named=True)

    def named_file(self, path: str) -> None:
        shown = self.shown(path)
        self.named.add(shown)
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                self.unreadable[shown] = "neither a regular file nor a directory"
                return
            with open(path, "rb") as file:
                self._take(shown, file.read, status.st_size, named=True)
        except OSError as error:
            self.unreadable[shown] = _lower(error.strerror or str(error))

    def directory(self, path: str) -> None:
        shown = self.shown(path)
        self.directories.append("" if shown == "." else shown)
        for entry in self._files(path):
            shown = self.shown(entry.path)
            if shown in self.inputs:
                continue
            try:
                if entry.is_symlink():
                    self._link(entry, shown, path)
                elif not entry.is_file():
                    self.passed.add(shown)
                    if _is_named_as_input(shown):
                        self.unreadable[shown] = "neither a regular file nor a directory"
                elif is_archive(entry.name):
                    self.skipped[shown] = "an archive inside a directory; give it by name to have it read"
                elif self._may_be_input(entry.name):
                    with open(entry.path, "rb") as file:
                        self._take(shown, file.read, entry.stat().st_size)
                    if shown in self.passed:
                        self.left[shown] = entry.path
            except OSError as error:
                where = self.unreadable if _is_named_as_input(shown) else self.skipped
                where[shown] = _lower(error.strerror or str(error))

    def _files(self, path: str) -> Iterator[os.DirEntry[str]]:
        """Everything below the directory `path` but directories, in the order of names."""
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable[self.shown(path)] = f"directory cannot be read: {_lower(error.strerror or str(error))}"
            return
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry
            elif entry.name not in _NOT_ENTERED:
                yield from self._files(entry.path)

    def _link(self, entry: os.DirEntry[str], shown: str, top: str) -> None:
        """A link is not followed; where its target is not read either, one that is named as an input is reported."""
        self.passed.add(shown)
        target, inside = os.path.realpath(entry.path), os.path.join(os.path.realpath(top), "")
        if not target.startswith(inside) and _is_named_as_input(shown):
            self.skipped[shown] = "a link that leads out of the directory"
        elif not os.path.exists(target) and _is_named_as_input(shown):
            self.skipped[shown] = "a link that leads nowhere"

    def _may_be_input(self, name: str) -> bool:
        if name == "netlint.toml":
            return False
        _, dotted, suffix = name.lower().rpartition(".")
        if may_hold_listings(name) and not (dotted and suffix in _BINARY):
            return True
        self.ignored += 1
        return False

    def archive(self, path: str, prefix: str) -> None:
        """Take the members of an archive; their paths start with `prefix`, the archive's own where it is not alone."""
        from netlint.archive import ArchiveError, Refused, members  # noqa: PLC0415 - plain files do without

        name = prefix or os.path.basename(path)
        self.named.add(name)
        self.directories.append(prefix)
        try:
            for member in members(path):
                shown = f"{prefix}/{member.name}" if prefix else member.name
                if isinstance(member, Refused):
                    self.passed.add(shown)
                    if not member.harmless:
                        self.unreadable[shown] = f"not read from the archive: {member.reason}"
                    elif member.reason != "a directory" and _is_named_as_input(shown):
                        self.skipped[shown] = member.reason
                else:
                    self._member(member, shown)
        except (ArchiveError, OSError) as error:
            self.unreadable[name] = str(error)

    def _member(self, member: Member, shown: str) -> None:
        parts = member.name.split("/")
        if not _NOT_ENTERED.isdisjoint(parts[:-1]):
            return
        if is_archive(member.name):
            self.skipped[shown] = "an archive inside an archive"
        elif self._may_be_input(parts[-1]):
            try:
                self._take(shown, member.read, member.size)
            except OSError as error:
                self.unreadable[shown] = str(error)

    def _take(
        self,
        path: str,
        read: Callable[[int], bytes],
        size: int | None,
        *,
        named: bool = False,
        as_format: str | None = None,
    ) -> None:
        """Read the file at `path` as far as it takes to know its format and, where it has one, to its end."""
        lower = path.lower()
        limit = MAX_TREE if lower.endswith((".yml", ".yaml", ".json")) else MAX_TEXT
        data = read(_HEAD)
        if len(data) == _HEAD and lower.endswith((".yml", ".yaml")):  # its top-level keys may come late
            data += read(limit + 1 - _HEAD)
        text = decode(data, whole=len(data) != _HEAD)
        found = None if text is None else (self.as_format if named else as_format) or sniff(text, path)
        if found is None and text is not None and named:
            found = named_format(text, path)
        cut = found is None and text is not None and (named or PASTED.search(path) is not None)
        if cut and text is not None and _parts(text, path, None):
            found = "transcript"
        if found is None:
            self._not_taken(path, "binary" if text is None else "of no format that netlint knows", named)
            return
        if len(data) == _HEAD and (size is None or size <= limit):
            data += read(limit + 1 - _HEAD)
        if len(data) > limit or (size is not None and size > limit):
            self.unreadable[path] = f"larger than {limit >> 20} MiB"
            return
        text = decode(data) if len(data) > _HEAD else text
        if text is None:
            self.unreadable[path] = "begins as text and goes on as binary"
            return
        source = self.texts.source(path, text)
        pieces = _parts(text, path, None if found == "transcript" else found)
        hosts = {piece.host for piece in pieces} - {None}
        for piece in pieces:
            self.parts.setdefault(path, []).append(
                Input(
                    source.part(piece.start, piece.end),
                    piece.format,
                    self.root,
                    piece.namespace or path_namespace(path),
                    named,
                    piece.host if len(hosts) > 1 else None,
                )
            )
        if not pieces:
            self.inputs[path] = Input(source, found, self.root, namespace(text, path, found), named)

    def _not_taken(self, path: str, reason: str, named: bool) -> None:
        if named or (reason == "binary" and _is_named_as_input(path)):
            self.unreadable[path] = reason
        else:
            self.passed.add(path)
            self.ignored += 1


def _parts(text: str, path: str, found: str | None) -> Sequence[Part]:
    """The outputs of several commands in one text; none where it is one thing."""
    if found == "ansible":
        from netlint.sniff_ansible import plays  # noqa: PLC0415 - the same
        from netlint.transcript import Part  # noqa: PLC0415 - the same

        return [Part(start, end, found) for start, end in plays(text)]
    if found in WHOLE:
        return ()
    from netlint.transcript import parts  # noqa: PLC0415 - Compose files do without

    return parts(text, path, found)


def _is_named_as_input(path: str) -> bool:
    """Whether the name alone says that the file is one to be read."""
    return name_format(path) is not None or sniff("", path) is not None or _INPUTS.search(path.lower()) is not None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
