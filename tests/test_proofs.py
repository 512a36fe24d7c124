"""rules/proofs.json, what is made of it, and how a run of the lab changes it."""

from pathlib import Path

import msgspec
import pytest

from netlint.proofs import NAME, Observation, Proof, observations, proven_on, read_proofs
from netlint.report.rules import render_explanation
from netlint.rule import load_rules, rules_folder
from tests.lab import proofs as lab

RULES = {rule.code: rule for rule in load_rules([rules_folder()])}
SEEN = [
    Proof(rule="NL1", engine="20.10", observed="lost", date="2026-01-01", test="test_nat.py::test_flushed"),
    Proof(rule="NL1", engine="28.5", observed="lost", date="2026-01-02", test="test_nat.py::test_flushed"),
    Proof(rule="NL1", engine="28.5", observed="refused", date="2026-01-02", test="test_nat.py::test_other"),
    Proof(rule="NL2", engine="iptables 1.8", observed="refused", test="test_nat.py::test_other"),
]


@pytest.mark.parametrize("proof", read_proofs(Path(rules_folder())), ids=lambda proof: f"{proof.rule}-{proof.engine}")
def test_of_a_rule_and_a_test(proof: Proof) -> None:
    assert proof.rule in RULES
    assert proof.observed
    assert proof.date
    assert lab.exists(proof), f"{proof.test} is gone: run the lab with --write-proofs"


def test_same_on_two_engines() -> None:
    assert list(observations(SEEN, "NL1")) == [
        Observation(("20.10", "28.5"), "lost", "2026-01-02"),
        Observation(("28.5",), "refused", "2026-01-02"),
    ]
    assert proven_on(SEEN, "NL1") == "Docker 20.10 and 28.5"
    older = Proof(rule="NL1", engine="26.1", observed="lost")
    assert proven_on([*SEEN, older], "NL1") == "Docker 20.10, 26.1 and 28.5"
    assert proven_on([older], "NL1") == "Docker 26.1"
    assert proven_on(SEEN, "NL2") == "iptables 1.8"
    assert proven_on(SEEN, "NL3") == ""


def test_explain_shows_them(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(msgspec.json.encode(SEEN))
    own = msgspec.structs.replace(RULES["NL101"], code="NL1", proof="the manual", path=str(tmp_path / "own.py"))
    text = render_explanation(own)
    assert "proof       lab: Docker 20.10 and 28.5; the manual\n" in text
    assert "            20.10, 28.5, 2026-01-02: lost\n" in text


def test_a_run_replaces_what_it_saw_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME).write_bytes(msgspec.json.encode(SEEN))
    monkeypatch.setattr(lab, "rules_folder", lambda: tmp_path)
    lab.write_proofs([Proof(rule="NL1", engine="28.5", observed="drops", test="test_nat.py::test_flushed")])
    assert [
        (one.engine, one.observed) for one in msgspec.json.decode((tmp_path / NAME).read_bytes(), type=list[Proof])
    ] == [
        ("20.10", "lost"),
        ("28.5", "drops"),  # and what a test saw that is there no more is gone
    ]


def test_a_run_keeps_what_another_wrote_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "rules_folder", lambda: tmp_path)
    (tmp_path / NAME).write_bytes(msgspec.json.encode(SEEN[:1]))
    assert len(read_proofs(tmp_path)) == 1
    (tmp_path / NAME).write_bytes(msgspec.json.encode(SEEN[:2]))
    lab.write_proofs([Proof(rule="NL1", engine="26.1", observed="lost", test="test_nat.py::test_flushed")])
    read_proofs.cache_clear()
    assert [proof.engine for proof in read_proofs(tmp_path)] == ["20.10", "26.1", "28.5"]


def test_a_run_of_some_cases_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "rules_folder", lambda: tmp_path)
    test = "test_compose.py::test_refused"
    cases = [Proof(rule=f"NL{n}", engine="28.5", observed="refused", test=test, date="2026-01-02") for n in (1, 2)]
    (tmp_path / NAME).write_bytes(msgspec.json.encode(cases))
    lab.write_proofs([msgspec.structs.replace(cases[0], date="")], {test})
    read_proofs.cache_clear()
    found = read_proofs(tmp_path)
    assert [(one.rule, one.date == "2026-01-02") for one in found] == [("NL1", False), ("NL2", True)]
