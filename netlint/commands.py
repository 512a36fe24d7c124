"""The commands of the command line."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import structs

from netlint.arguments import parser
from netlint.cli import FINDINGS, GAP, OK, USAGE
from netlint.config import Config, ConfigError, find_config, read_config, severity
from netlint.discover import Discovery, DiscoveryError, discover
from netlint.engine import active_rules, build, check
from netlint.finding import Confidence, Severity
from netlint.model.daemon import EngineVersion
from netlint.output import FINGERPRINTED, UsageError, complain, rendered, report_outputs, wants_color, write
from netlint.progress import Progress
from netlint.rule import Rule, RuleError, load_rules, rules_folder, select
from netlint.run import Run

WRONG = (ConfigError, DiscoveryError, RuleError, UsageError)  # what the user can mend


def run(words: Sequence[str]) -> int:
    """Run the command that `words` spell."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a report must not die of a terminal that lacks a character
            stream.reconfigure(errors="backslashreplace")
    try:
        given = with_changed_files(words)
        arguments = parser(given).parse_args(given)
    except SystemExit as stop:  # argparse has said what is wrong
        return stop.code if isinstance(stop.code, int) else USAGE
    commands: dict[str, Callable[[Namespace], int]] = {
        "baseline": baseline_command,
        "check": check_command,
        "collect": collect_command,
        "completion": completion_command,
        "explain": explain_command,
        "fix": fix_command,
        "new-rule": new_rule_command,
        "rules": rules_command,
        "plan": plan_command,
        "show": show_command,
        "trace": trace_command,
    }
    try:
        return commands[arguments.command](arguments)
    except WRONG as error:
        print(f"netlint: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # `netlint … | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130


def with_changed_files(words: Sequence[str]) -> list[str]:
    """The words with those behind `--changed-files --` as names of files, whatever they begin with."""
    for index, pair in enumerate(pairwise(words)):
        if pair == ("--changed-files", "--"):
            names = [f"./{name}" if name.startswith("-") else name for name in words[index + 2 :]]
            return [*words[: index + 1], *names]
    return list(words)


def check_command(arguments: Namespace) -> int:
    if not arguments.watch:
        return check_once(arguments)
    if "-" in arguments.paths:
        raise UsageError("--watch: standard input cannot be looked at again")
    from netlint.watch import watch  # noqa: PLC0415

    def once() -> int:
        try:
            return check_once(arguments)
        except WRONG as error:  # it may be mended at the next look
            print(f"netlint: {error}", file=sys.stderr)
            return USAGE

    watch([*(arguments.paths or ["."]), *filter(None, [arguments.config, arguments.baseline])], once)
    return OK


def check_once(arguments: Namespace) -> int:
    config = configuration(arguments)
    rules = load_rules([rules_folder(), *arguments.rules])
    if arguments.show_config:
        from netlint.report.config import render_config  # noqa: PLC0415

        active_rules(rules, config)  # which refuses names of no rule
        write(render_config(config), None)
        return OK
    outputs = report_outputs(arguments.formats or ["text"])
    named = any(name in FINGERPRINTED for name, _ in outputs)
    result, discovery = checked(arguments, rules, config, ignores=not arguments.no_ignores, fingerprints=named)
    if config.hosts:
        say_idle_hosts(discovery, config)
    if arguments.baseline is not None:
        from netlint.baseline import apply_baseline  # noqa: PLC0415

        result, gone = apply_baseline(result, arguments.baseline)
        if gone and not arguments.quiet:
            print(
                f"netlint: {gone} of the findings that {arguments.baseline} accepts are there no more; "
                f"netlint baseline --write {arguments.baseline} forgets them",
                file=sys.stderr,
            )
    shown = shown_part(result, arguments)
    if shown.findings:
        from netlint.guard.texts import quotable  # noqa: PLC0415 - without findings nothing is quoted

        shown = quotable(shown, discovery.inputs)
    for name, path in outputs:
        write(rendered(name, shown, arguments, to_file=path is not None, originals=result.sources), path)
    if arguments.statistics:
        print_statistics(shown)
    return exit_status(shown, discovery, arguments)


def say_idle_hosts(discovery: Discovery, config: Config) -> None:
    """Name the hosts of the configuration that no input belongs to, where all that it is for was looked at."""
    from netlint.assigned import idle_hosts  # noqa: PLC0415 - few configurations state hosts

    for name in idle_hosts(discovery, config):
        complain(f"{config.path}: hosts: no input matches the sources of '{name}'")


def checked(
    arguments: Namespace, rules: list[Rule], config: Config, *, ignores: bool = True, fingerprints: bool = True
) -> tuple[Run, Discovery]:
    """Discover and check what the arguments name, with a progress bar where that takes long."""
    with Progress(not arguments.no_progress) as progress:
        discovery = discovered(arguments)
        jobs = getattr(arguments, "jobs", 1)
        run = check(discovery, rules, config, ignores=ignores, fingerprints=fingerprints, jobs=jobs, progress=progress)
        return run, discovery


def baseline_command(arguments: Namespace) -> int:
    from netlint.baseline import render_baseline  # noqa: PLC0415

    config = configuration(arguments)
    rules = load_rules([rules_folder(), *arguments.rules])
    result, discovery = checked(arguments, rules, config)
    folder = os.path.dirname(arguments.write or "")
    write(render_baseline(result, os.path.realpath(folder)), arguments.write)
    count = sum(finding.suppressed is None for finding in result.findings)
    print(f"netlint: {count} finding{'' if count == 1 else 's'} accepted", file=sys.stderr)
    if not discovery.inputs:
        print("netlint: no input was recognised", file=sys.stderr)
        return GAP
    return OK


def completion_command(arguments: Namespace) -> int:
    from netlint.completion import completion  # noqa: PLC0415 - loads shtab

    write(completion(arguments.shell), None)
    return OK


def new_rule_command(arguments: Namespace) -> int:
    from netlint.new_rule import write_skeleton  # noqa: PLC0415

    path = write_skeleton(arguments.slug, arguments.rules, arguments.code)
    print(f"{path}\nrun it with: netlint check --rules {path.parent}")
    return OK


def shown_part(result: Run, arguments: Namespace) -> Run:
    """The run with the findings at or above the severity and confidence asked for and, with --changed-files, those
    that touch a changed file."""
    lowest, surest = severity(arguments.severity), Confidence[arguments.confidence.upper()]
    findings = [
        finding
        for finding in result.findings
        if (finding.severity or Severity.NOTE) >= lowest and (finding.confidence or Confidence.HIGH) >= surest
    ]
    below = len(result.findings) - len(findings)
    if getattr(arguments, "no_suppressed", False):
        findings = [finding for finding in findings if finding.suppressed is None]
    if arguments.changed_files is not None:
        wanted = {os.path.realpath(name) for name in arguments.changed_files}
        changed = {path for path in result.sources if os.path.realpath(os.path.join(result.root, path)) in wanted}
        findings = [
            finding
            for finding in findings
            if {finding.at.source, *(label.span.source for label in finding.related)} & changed
        ]
    return structs.replace(result, findings=tuple(findings), below=below)


def exit_status(result: Run, discovery: Discovery, arguments: Namespace) -> int:
    """The exit status, with its reason on standard error where it is a gap."""
    gaps = [file for file in result.coverage.files if file.status == "unread" and file.path in discovery.named]
    for file in gaps:
        complain(f"{file.path}: not read: {file.reason}")
    if not discovery.inputs:
        print("netlint: no input was recognised; nothing was checked", file=sys.stderr)
    if arguments.exit_zero:
        return OK
    lowest = severity(arguments.fail_on)
    if any((f.severity or Severity.NOTE) >= lowest and f.suppressed is None for f in result.findings):
        return FINDINGS
    return GAP if gaps or not discovery.inputs else OK


def explain_command(arguments: Namespace) -> int:
    rules = load_rules([rules_folder(), *arguments.rules])
    chosen = list(select(rules, [arguments.rule]))
    if len(chosen) > 1:
        raise UsageError(f"'{arguments.rule}' names {len(chosen)} rules; name one")
    from netlint.report.rules import render_explanation  # noqa: PLC0415

    write(render_explanation(chosen[0], color=wants_color(arguments.color)), None)
    return OK


def rules_command(arguments: Namespace) -> int:
    from netlint.report.rules import render_rules  # noqa: PLC0415

    write(render_rules(load_rules([rules_folder(), *arguments.rules]), arguments.format), None)
    return OK


def show_command(arguments: Namespace) -> int:
    from netlint.report.show import render_plan  # noqa: PLC0415

    config = configuration(arguments)
    discovery = discovered(arguments)
    site, _ = build(discovery, config)
    sources = {item.source.path: item.source.whole for item in discovery.inputs}
    write(render_plan(site, sources, arguments.format), None)
    if not discovery.inputs:
        print("netlint: no input was recognised", file=sys.stderr)
        return GAP
    return OK


def plan_command(arguments: Namespace) -> int:
    from netlint.plan_command import PlanError, plan  # noqa: PLC0415

    discovery = discovered(arguments)
    site, _ = build(discovery, configuration(arguments))
    sources = {item.source.path: item.source for item in discovery.inputs}
    within = tuple(arguments.within)
    length = arguments.prefix or (64 if any(":" in text for text in within) else 24)
    try:
        text, enough = plan(site, sources, length=length, count=arguments.count, within=within, format=arguments.format)
    except PlanError as error:
        raise UsageError(str(error)) from error
    write(text, None)
    if not discovery.inputs:
        print("netlint: no input was recognised; nothing was read that could claim a range", file=sys.stderr)
        return GAP
    return OK if enough else FINDINGS


def fix_command(arguments: Namespace) -> int:
    from netlint.fix_command import fix  # noqa: PLC0415

    rules = load_rules([rules_folder(), *arguments.rules])
    select(rules, [part.strip() for part in (arguments.select or "").split(",") if part.strip()])
    config = configuration(Namespace(**{**vars(arguments), "select": None}))  # every rule says what a fix brings
    discovery = discovered(arguments)
    result, unwritten = fix(discovery, rules, config, arguments)
    status = exit_status(shown_part(result, Namespace(**vars(arguments), changed_files=None)), discovery, arguments)
    return FINDINGS if status == OK and unwritten and not arguments.exit_zero else status


def collect_command(arguments: Namespace) -> int:
    from netlint.collect import CollectError, run  # noqa: PLC0415

    try:
        run(arguments.output)
    except CollectError as error:
        raise UsageError(str(error)) from error
    return OK


def trace_command(arguments: Namespace) -> int:
    from netlint.dataplane.flow import FlowError  # noqa: PLC0415
    from netlint.trace_command import trace  # noqa: PLC0415

    if not arguments.paths and os.path.exists(arguments.flow):
        raise UsageError(f"FLOW is missing: '{arguments.flow}' is a path; netlint trace --help shows flows")
    discovery = discovered(arguments)
    site, _ = build(discovery, configuration(arguments))
    sources = {item.source.path: item.source.whole for item in discovery.inputs}
    if not discovery.inputs:
        print("netlint: no input was recognised", file=sys.stderr)
        return GAP
    try:
        write(trace(site, sources, arguments.flow, arguments.format), None)
    except FlowError as error:
        raise UsageError(
            "this flow cannot be traced:\n" + "\n".join(f"  {line}" for line in str(error).splitlines())
        ) from error
    return OK


def configuration(arguments: Namespace) -> Config:
    """The configuration file's values with those of the command line over them."""
    if arguments.no_config:
        config = Config()
    elif arguments.config is not None:
        config = read_config(arguments.config)
    else:
        first = arguments.paths[0] if arguments.paths and arguments.paths[0] != "-" else "."
        found = find_config(first if os.path.isdir(first) else os.path.dirname(first))
        config = read_config(found) if found is not None else Config()
    if arguments.engine is not None:
        version = EngineVersion.parse(arguments.engine)
        if version is None:
            raise UsageError(f"--engine: '{arguments.engine}' is no Docker version such as 20.10")
        config = structs.replace(config, engine=version)
    if getattr(arguments, "warn_unused_ignores", False):
        config = structs.replace(config, warn_unused_ignores=True)
    for name in ("select", "ignore"):
        text = getattr(arguments, name, None)
        if text is not None:
            listed = tuple(part.strip() for part in text.split(",") if part.strip())
            config = structs.replace(config, **{name: listed if name == "select" else config.ignore + listed})
    return config


def discovered(arguments: Namespace) -> Discovery:
    paths = arguments.paths or ["."]
    stdin = sys.stdin.buffer if "-" in paths else None
    return discover(paths, stdin=stdin, as_format=arguments.as_format, stdin_filename=arguments.stdin_filename)


def print_statistics(result: Run) -> None:
    counts = Counter((f.code, f.rule) for f in result.findings if f.suppressed is None)
    for (code, slug), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:6}  {code} {slug}", file=sys.stderr)
