"""How many of the corpus' files are recognised as what their index says. Run with -s to see the figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlint.discover import discover

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
# What else an index's kind may rightly be called.
ALSO = {
    "netstat": {"listeners", "route-n"},
    "unit": {"systemd-unit"},
    "json": {"daemon-json"},
    "defaults": {"docker-defaults"},
    "opts": {"docker-defaults", "systemd-unit"},
    "commandline": {"dockerd-command", "shell-script", "systemd-unit"},  # with ExecStart= before it
    "cmdline": {"dockerd-command", "shell-script", "systemd-unit"},
    "script": {"shell-script"},
    "calico": {"kubernetes"},
    "weave": {"kubernetes", "shell-script"},
    "kube-proxy": {"kubernetes"},
    "kubeadm": {"kubernetes"},
    "kubelet": {"kubernetes"},
    "multus": {"kubernetes"},
    "flannel": {"kubernetes"},
    "cni conf": {"cni", "kubernetes"},
}


def expected(kind: str) -> set[str]:
    """The formats that a kind stands for; empty for one that stands for any."""
    names = set(kind.split("+")) | ({kind} if "+" not in kind else set())
    names |= {also for word, formats in ALSO.items() if word in kind for also in formats}
    return names | {f"{name}-json" for name in names}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public files is not beside the project")
def test_recognition() -> None:
    right, missed = 0, []
    for index in ("dumps", "daemon", "k8s"):
        rows = [json.loads(line) for line in (CORPUS / f"{index}.jsonl").read_text(encoding="utf-8").splitlines()]
        for row in rows:
            formats = {item.format for item in discover([str(CORPUS / row["file"])]).inputs}
            # "mixed" and a package's own file are of no one kind
            open_kind = any(word in row["kind"] for word in ("mixed", "templated", "debian"))
            template = row["file"].endswith(".j2") and formats == {"template"}
            if formats & expected(row["kind"]) or (open_kind and formats) or template:
                right += 1
            else:
                missed.append(f"{row['file']}: {row['kind']}, taken for {', '.join(sorted(formats)) or 'nothing'}")
    total = right + len(missed)
    print(f"\nrecognised: {right} of {total} ({100 * right / total:.1f} %)", *missed, sep="\n  ")
    assert right / total >= 0.98
