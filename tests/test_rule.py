import os
from pathlib import Path

import pytest

from netlint.model.host import Site
from netlint.rule import INDEX, RuleError, index_text, load_rule, load_rules, rules_folder, select

RULES = load_rules([rules_folder()])
FILE = '''"""A rule of one's own."""
from netlint.api import Severity, rule


@rule("{code}", Severity.NOTE, proof="none")
def check(site):
    return []
'''


def test_a_folder_of_ones_own_loads_like_the_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "all_is_well.py").write_text(FILE.format(code="XX001"))
    (tmp_path / "_shared.py").write_text("raise RuntimeError")
    rules = load_rules([rules_folder(), tmp_path])
    mine = rules[-1]
    assert (mine.code, mine.slug, mine.name) == ("XX001", "all-is-well", "AllIsWell")
    assert mine.summary == "A rule of one's own"


def test_two_rules_of_one_code(tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text(FILE.format(code="NL101"))
    with pytest.raises(RuleError, match="same code NL101"):
        load_rules([rules_folder(), tmp_path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "0 functions with @rule"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        (FILE.format(code="XX1").replace("Severity.NOTE,", "Severity.NOTE, needs=['magic'],"), "XX1 needs magic"),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    with pytest.raises(RuleError, match=message):
        load_rule(path)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such folder"):
        load_rules([tmp_path / "nowhere"])


@pytest.mark.parametrize("name", ["subnet-overlap", "NL101", "nl101"])
def test_select_one(name: str) -> None:
    assert [rule.slug for rule in select(RULES, [name])] == ["subnet-overlap"]


def test_select_by_prefix() -> None:
    chosen = [rule.code for rule in select(RULES, ["NL3"])]
    assert chosen
    assert all(code.startswith("NL3") for code in chosen)
    assert set(chosen) == {rule.code for rule in RULES if rule.code.startswith("NL3")}


def test_unknown_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(RuleError, match="unknown rule 'subnet-overlp', did you mean subnet-overlap"):
        select(RULES, ["subnet-overlp"])


def test_an_empty_name_selects_nothing() -> None:
    with pytest.raises(RuleError, match="unknown rule ''"):
        select(RULES, [""])


def test_the_index_says_what_the_files_say() -> None:
    fresh = load_rules([rules_folder()], indexed=False)
    assert Path(rules_folder(), INDEX).read_text(encoding="utf-8") == index_text(fresh)


def change(path: Path, text: str) -> None:
    """Write `text` as somebody does later: what Python has compiled before is older than the file."""
    path.write_text(text)
    os.utime(path, (0, 0))


def test_a_file_is_run_where_its_rule_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(code="XX001"))
    (tmp_path / INDEX).write_text(index_text(load_rules([tmp_path])))
    change(path, "raise ValueError")
    (one,) = load_rules([tmp_path])
    assert (one.code, one.slug, one.proof) == ("XX001", "mine", "none")
    with pytest.raises(RuleError, match=r"mine\.py: ValueError"):
        one.check(Site(hosts=()))


def test_an_index_that_is_out_of_date(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(code="XX001"))
    (tmp_path / INDEX).write_text(index_text(load_rules([tmp_path])))
    change(path, FILE.format(code="XX002"))
    (one,) = load_rules([tmp_path])
    with pytest.raises(RuleError, match="out of date"):
        one.check(Site(hosts=()))
    assert [one.code for one in load_rules([tmp_path], indexed=False)] == ["XX002"]
    (tmp_path / "another.py").write_text(FILE.format(code="XX003"))
    assert [one.code for one in load_rules([tmp_path])] == ["XX001", "XX003"], "a file that the index lacks is run"


def test_a_damaged_index_is_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE.format(code="XX001"))
    (tmp_path / INDEX).write_text("mine.py\t")
    assert [one.code for one in load_rules([tmp_path])] == ["XX001"]
