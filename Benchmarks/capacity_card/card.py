"""The card as Markdown."""

import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess

from .rows import ContestedRow, EnduranceRow, EventRow, GatewayRow, HeldRow, IdleRow, LoadRow, YardstickRow


def middle(measurements, key):
    """The median of one figure; None where it was not measured."""
    values = [each[key] for each in measurements if each.get(key) is not None]
    return statistics.median(values) if values else None


def figure(row, results, contestant):
    """What the row's budget is about, in the row's unit; None where nothing was measured."""
    measured = results.get((row.name, contestant))
    if not measured:
        return None
    if isinstance(row, IdleRow):
        return middle(measured, "cores")
    if isinstance(row, YardstickRow):
        return statistics.median(each["cost"] / each["yardstick"] for each in measured)
    cost = middle(measured, "cost")
    if not isinstance(row, EventRow):
        return cost
    base = results.get((row.base, contestant))
    return (cost - middle(base, "cost")) / row.events if base else None


def _number(value, unit=""):
    if value is None:
        return "–"
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return text + unit


def _megabytes(value):
    return "–" if value is None else f"{value / 1e6:.0f} MB"


def _verdict(row, value):
    if row.budget is None or value is None:
        return _number(row.budget)
    return f"{_number(row.budget)} {'met' if value <= row.budget else '**missed**'}"


def _table(head, lines):
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines]) + "\n"


def _loads(rows, results, contestants):
    lines = []
    for row in rows:
        if not isinstance(row, LoadRow):
            continue
        for name in contestants:
            measured = results.get((row.name, name))
            if measured:
                value = figure(row, results, name)
                lines.append(
                    [row.title, name, _number(value, " µs"), _verdict(row, value)]
                    + [_number(middle(measured, "rate"))]
                    + [_number(middle(measured, key) / 1e3, " ms") for key in ("p50", "p99")]
                    + [_megabytes(middle(measured, "memory"))]
                )
    head = ["load", "picker", "CPU", "budget", "streams/s", "decision p50", "p99", "peak memory"]
    return _table(head, lines) if lines else ""


def _yardsticks(rows, results, contestants):
    lines = []
    for row in rows:
        for name in contestants:
            measured = results.get((row.name, name))
            if isinstance(row, YardstickRow) and measured:
                lines.append(
                    [row.title, name, _number(middle(measured, "cost"), " µs")]
                    + [_number(middle(measured, "yardstick"), " µs"), _number(figure(row, results, name), " ×")]
                )
    return _table(["upload", "picker", "CPU", "nghttpd", "ratio"], lines) if lines else ""


def _contested(rows, results, contestants):
    lines = []
    for row in rows:
        for name in contestants:
            measured = results.get((row.name, name))
            if isinstance(row, ContestedRow) and measured:
                keys = ("alone", "beside", "alone99", "beside99")
                lines.append([row.title, name, *(_number(middle(measured, key) / 1e3, " ms") for key in keys)])
    head = ["stream", "picker", "p50 alone", "p50 beside it", "p99 alone", "p99 beside it"]
    return _table(head, lines) if lines else ""


def _memory(rows, results, contestants):
    lines = []
    for row in rows:
        for name in contestants:
            measured = results.get((row.name, name))
            if isinstance(row, HeldRow) and measured:
                each = middle(measured, "bytes")
                lines.append([row.title, name, f"{each / 1024:.1f} KB each", _held_verdict(row, each)])
            if isinstance(row, EnduranceRow) and measured:
                early, late = middle(measured, "early"), middle(measured, "late")
                lines.append(
                    [row.title, name, f"{_megabytes(early)} after a tenth, {_megabytes(late)} at the end", "–"]
                )
    return _table(["streams", "picker", "memory", "budget"], lines) if lines else ""


def _held_verdict(row, each):
    return f"{row.budget / 1024:.0f} KB {'met' if each <= row.budget else '**missed**'}"


def _gateways(rows, results, contestants):
    lines = []
    for row in rows:
        for name in contestants:
            measured = results.get((row.name, name))
            if isinstance(row, GatewayRow) and measured:
                lines.append(
                    [row.title, name, _number(middle(measured, "cost"), " µs"), _number(middle(measured, "rate"))]
                )
    return _table(["load", "picker", "CPU", "requests/s"], lines) if lines else ""


def _idles(rows, results, contestants):
    lines = []
    for row in rows:
        for name in contestants:
            measured = results.get((row.name, name))
            if isinstance(row, IdleRow) and measured:
                cores, scrapes = middle(measured, "cores"), middle(measured, "scrapes")
                each = None if not scrapes else cores / scrapes * 1e6
                lines.append(
                    [row.title, name, _number(cores, " cores"), _verdict(row, cores), _number(scrapes)]
                    + [_number(each, " µs"), _megabytes(middle(measured, "memory"))]
                )
    return _table(["idle", "picker", "CPU", "budget", "pages/s", "a page", "memory"], lines) if lines else ""


def _machine():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return [
        f"{datetime.date.today()}, epp {revision.stdout.strip() or 'unknown'}",
        f"{found[1] if found else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
        swift,
    ]


SECTIONS = [
    (
        "Streams",
        "Processor time of the picker for one stream, request and response phase, closed loop on one connection; "
        "event rows: for one event. No scraping meanwhile.",
        _loads,
    ),
    (
        "Next to a plain HTTP/2 server",
        "The same h2load with the same upload against the picker and against `nghttpd -n1 --no-tls`, which serves a "
        "file of the answer's size, in turn. Request phase only.",
        _yardsticks,
    ),
    (
        "Fairness",
        "Decisions one at a time, 2 KB, while another connection keeps 256 streams open on the same loop. Two load "
        "generators and the picker share the machine.",
        _contested,
    ),
    ("Memory", "Resident memory of the picker.", _memory),
    ("Behind Envoy", "HTTP/1.1 to a real Envoy with one worker, 16 connections.", _gateways),
    ("Scraping", "Metrics pages of 80 KB from simulated vLLM servers.", _idles),
]


def markdown(rows, results, contestants, *, seconds, rounds, problems, plot):
    """The whole card."""
    parts = ["# Capacity card\n", "\n".join(f"- {line}" for line in _machine()) + "\n"]
    parts.append(
        f"Medians of {rounds} rounds of {seconds:g} s. Load generator and picker share the machine. Made by "
        "`Benchmarks/capacity`, which measures any picker with `--peer`.\n"
    )
    if plot:
        parts.append(f"![Processor time by load]({plot})\n")
    for title, text, table in SECTIONS:
        content = table(rows, results, contestants)
        if content:
            parts.append(f"## {title}\n\n{text}\n\n{content}")
    if problems:
        parts.append("## Not measured\n\n" + "\n".join(f"- {problem}" for problem in problems) + "\n")
    return "\n".join(parts)
