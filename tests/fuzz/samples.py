"""What to mutate: the files of fixtures and of the rules' examples, and real ones where the corpora are here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from netlint.decode import decode
from netlint.discover import discover
from netlint.examples import examples
from netlint.formats import FORMATS
from netlint.rule import load_rules, rules_folder
from netlint.sniff import sniff

PROJECT = Path(__file__).parents[2]
# Of formats that few of those files have.
_ENV = "# ours\nTAG=1.2 # now\nexport SUBNET='10.9.0.0/24'\nA=\"b\\nc ${TAG:-x}\"\nEMPTY=\nONLY\n"
_SAVED = """\
create ban hash:ip family inet hashsize 1024 maxelem 65536 timeout 600
add ban 192.0.2.1 timeout 5
create nets hash:net,port family inet6
add nets 2001:db8::/32,tcp:80 nomatch
"""
_LISTED = """\
Name: ban
Type: hash:ip
Revision: 4
Header: family inet hashsize 1024 maxelem 65536
Size in memory: 200
References: 1
Number of entries: 1
Members:
192.0.2.1
"""
_COUNTERS = "NIC statistics:\n     peer_ifindex: 7\n     rx_queue_0_xdp_packets: 0\n"
_MORE = (("x/.env", _ENV), ("x/ipset.txt", _SAVED), ("x/ipset-list.txt", _LISTED), ("x/ethtool.txt", _COUNTERS))
_LONGEST = 4000  # characters of a sample: what breaks a parser is small
_MOST = 400  # samples of a format


@cache
def samples() -> dict[str, list[str]]:
    """Texts by their format, for every format that has a parser; at least one each."""
    found: dict[str, list[str]] = {name: [] for name, known in FORMATS.items() if known.parser}
    for path, text in _texts():
        name = sniff(text, path)
        if name in found and len(found[name]) < _MOST:
            found[name].append(text[:_LONGEST])
    alike = {FORMATS[name].parser: texts for name, texts in found.items() if texts}
    # of a format without any, those of another one with the same parser will do
    return {name: texts or alike.get(FORMATS[name].parser, [""]) for name, texts in found.items()}


def _texts() -> list[tuple[str, str]]:
    texts = [*_MORE]
    for folder in (PROJECT / "rules", PROJECT / "tests/rules"):
        for path in sorted(folder.glob("*.md")):
            texts += [(f"x/{file.path}", file.text) for one in examples(path.read_text()) for file in one.files]
    for rule in load_rules([rules_folder()]):
        texts += [(f"x/{file.path}", file.text) for one in examples(rule.documentation) for file in one.files]
    files = [path for path in sorted((PROJECT / "fixtures").rglob("*")) if "/input/" in str(path)]
    for shared in ("corpus/dumps", "corpus/daemon", "corpus/k8s", "incidents/dev", "dumps"):
        files += sorted((PROJECT.parent / "shared" / shared).rglob("*"))
    files += sorted((PROJECT.parent / "shared/corpus/compose").rglob("*"))[::8]
    for path in files:
        if path.is_file() and path.stat().st_size < 1 << 20:
            text = decode(path.read_bytes())
            if text is not None:
                texts.append((str(path), text))
    return texts


@cache
def hosts() -> list[dict[str, tuple[str, str]]]:
    """Whole inputs, the format and text of each file by its path: fixtures, incidents, and every example of a rule."""
    folders: list[Path] = [path / "input" for path in sorted((PROJECT / "fixtures").iterdir())]
    folders += sorted((PROJECT.parent / "shared/incidents/dev").glob("*/*"))
    found = [
        {item.source.path: (item.format, item.source.text) for item in discover([str(folder)]).inputs}
        for folder in folders
        if folder.is_dir()
    ]
    for rule in load_rules([rules_folder()]):
        more = PROJECT / f"tests/rules/{rule.slug}.md"
        texts = [rule.documentation, more.read_text() if more.is_file() else ""]
        for example in (one for text in texts for one in examples(text)):
            files = {file.path: (sniff(file.text, file.path), file.text) for file in example.files}
            found.append({path: (name, text) for path, (name, text) in files.items() if name is not None})
    return [files for files in found if files and sum(len(text) for _, text in files.values()) < 200_000]
