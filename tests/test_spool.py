"""What waits in a spool comes back as it was, whatever the disk does."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from netlint import spool as spooling
from netlint import texts as texts_module
from netlint.discover import discover
from netlint.source import Source
from netlint.spool import Kept, Spool

DATA = [b"", b"a", bytes(range(256)) * 5000, os.urandom(70_000)]


def test_what_was_kept_comes_back() -> None:
    spool = Spool()
    kept = [spool.keep(data) for data in DATA]
    assert [one.read() for one in reversed(kept)] == DATA[::-1]


def _no_space(*_: object, **__: object) -> Any:
    raise OSError(28, "No space left on device")


def _half(descriptor: int, data: bytes, at: int) -> int:
    return _pwrite(descriptor, data[: len(data) // 2], at)


_pwrite = os.pwrite


@pytest.mark.parametrize("write", [_no_space, _half])
def test_a_full_disk_leaves_the_rest_in_memory(write: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool()
    before = [spool.keep(data) for data in DATA]
    monkeypatch.setattr(os, "pwrite", write)
    after = [spool.keep(data) for data in DATA]
    monkeypatch.undo()
    after += [spool.keep(data) for data in DATA]
    assert [one.read() for one in before + after] == DATA * 3


def test_no_place_for_a_file_leaves_all_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "TemporaryFile", _no_space)
    kept = [spool.keep(data) for spool in (Spool(), Spool()) for data in DATA]
    assert [one.read() for one in kept] == DATA * 2


_KEPT: list[Kept] = []


def _read(number: int) -> bytes:
    return _KEPT[number].read()


def test_processes_read_the_same_file() -> None:
    spool = Spool()
    _KEPT[:] = [spool.keep(f"{number}".encode() * 1000) for number in range(200)]
    with ProcessPoolExecutor(4, get_context("fork")) as pool:
        assert list(pool.map(_read, range(200))) == [f"{number}".encode() * 1000 for number in range(200)]


def test_of_many_texts_the_last_ones_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {}
    for number in range(30):
        path = tmp_path / f"h{number:02}" / "ip-route.txt"
        path.parent.mkdir()
        texts[f"h{number:02}/ip-route.txt"] = "".join(
            f"10.{number}.{n}.0/24 via 10.0.0.1 dev eth0\n" for n in range(99)
        )
        path.write_text(texts[f"h{number:02}/ip-route.txt"])
    size = len(texts["h00/ip-route.txt"])
    monkeypatch.setattr(texts_module, "MUCH", size * 10)
    found = discover([str(tmp_path)])
    waiting = [item.source.kept is not None for item in found.inputs]
    assert waiting == [True] * waiting.count(True) + [False] * waiting.count(False)
    assert 0 < waiting.count(False) <= 10
    assert {item.source.path: item.source.text for item in found.inputs} == texts
    monkeypatch.undo()
    assert discover([str(tmp_path)]).spool is None


def test_a_part_is_made_of_its_file() -> None:
    text = "".join(f"line {number}\n" for number in range(100))
    whole = Source("a", text)
    part = whole.part(300, 500)
    for _ in range(2):
        assert part.text == " " * 299 + "\n" + text[300:500]
        assert (part.whole, part.size, part.key) == (whole, 500, ("a", 500))
        assert part.slice(part.span(310, 420)) == text[310:420]
        assert [part.holds(whole.span(at, at + 1)) for at in (299, 300, 499, 501)] == [False, True, True, False]
        assert part.part(350, 700).text.strip() == text[350:500].strip()
        whole.pack(Spool())
