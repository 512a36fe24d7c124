"""Patterns that are compiled, and modules that are imported, when they are used."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from netlint.pattern import modules_later, pattern, patterns_later


def test_it_matches_as_a_compiled_one_does() -> None:
    late = pattern(r"(?P<letter>[a-z])\d", re.IGNORECASE)
    found = late.match("A1b2")
    assert found is not None
    assert found["letter"] == "A"
    assert late.findall("A1b2") == ["A", "b"]
    assert late.sub("x", "A1b2") == "xx"


def test_a_wrong_one_fails_at_its_first_use() -> None:
    late = pattern("(")
    with pytest.raises(re.error):
        late.search("")


def test_it_has_what_a_compiled_one_has() -> None:
    assert pattern("(a)(?P<b>b)", re.IGNORECASE).groupindex == {"b": 2}
    with pytest.raises(AttributeError):
        pattern("a").matches  # type: ignore[attr-defined]  # noqa: B018


def test_what_is_imported_compiles_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "library_with_patterns.py").write_text("import re\nLATE, WRONG = re.compile('[ab]'), re.compile('(')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with patterns_later():
        library = import_module("library_with_patterns")
    assert library.LATE.sub("-", "cab") == "c--"
    with pytest.raises(re.error):
        library.WRONG.match("")
    with pytest.raises(re.error):
        re.compile("(")


def test_an_import_that_fails_leaves_re_as_it_was() -> None:
    with pytest.raises(ImportError), patterns_later():
        raise ImportError
    with pytest.raises(re.error):
        re.compile("(")


def test_a_module_is_imported_where_something_of_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "library_with_modules"
    package.mkdir()
    (package / "__init__.py").write_text("from . import part\n")
    (package / "part.py").write_text("from sys import modules\nUSED = modules[__name__].__file__\n")
    monkeypatch.syspath_prepend(tmp_path)
    modules_later("library_with_modules.part")
    library = import_module("library_with_modules")
    put_off = library.part
    assert not hasattr(put_off, "__file__")
    assert str(package / "part.py") == put_off.USED
    assert import_module("library_with_modules.part").USED is sys.modules["library_with_modules.part"].USED
    with pytest.raises(AttributeError):
        put_off.of_no_such_name  # noqa: B018


def test_a_module_that_is_there_stays() -> None:
    modules_later("re")
    assert sys.modules["re"] is re
