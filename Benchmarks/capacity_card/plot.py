"""The streams' processor time as horizontal bars on a logarithmic scale, with budgets as marks."""

import html
import math

from .card import figure
from .rows import LoadRow

_COLOURS = ["#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626"]
_LEFT, _WIDTH, _BAR, _GAP = 270, 520, 14, 12


def svg(rows, results, contestants):
    """The plot; empty when there is nothing to show."""
    shown = [row for row in rows if isinstance(row, LoadRow) and any((row.name, each) in results for each in contestants)]
    values = [figure(row, results, each) for row in shown for each in contestants]
    values = [value for value in values if value is not None and value > 0]
    if not values:
        return ""
    values += [row.budget for row in shown if row.budget]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.01))

    def x(value):
        return _LEFT + _WIDTH * (math.log10(max(value, 10**low)) - low) / max(high - low, 1)

    group = _BAR * len(contestants) + _GAP
    height = 60 + group * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 90} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="{height}" fill="white"/>',
    ]
    for power in range(low, high + 1):
        at = x(10**power)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="24" y2="{height - 26}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 10}" text-anchor="middle">{10**power:g} µs</text>')
    for number, name in enumerate(contestants):
        parts.append(f'<rect x="{_LEFT + 110 * number}" y="6" width="10" height="10" fill="{_COLOURS[number % 5]}"/>')
        parts.append(f'<text x="{_LEFT + 14 + 110 * number}" y="15">{html.escape(name)}</text>')
    for place, row in enumerate(shown):
        top = 30 + group * place
        middle = top + _BAR * len(contestants) / 2 + 4
        parts.append(f'<text x="{_LEFT - 8}" y="{middle:.1f}" text-anchor="end">{html.escape(row.title)}</text>')
        for number, name in enumerate(contestants):
            value = figure(row, results, name)
            if value is None or value <= 0:
                continue
            y = top + _BAR * number
            parts.append(
                f'<rect x="{_LEFT}" y="{y}" width="{x(value) - _LEFT:.1f}" height="{_BAR - 2}" '
                f'fill="{_COLOURS[number % 5]}"/><text x="{x(value) + 4:.1f}" y="{y + 10}">{value:.3g}</text>'
            )
        if row.budget:
            at = x(row.budget)
            bottom = top + _BAR * len(contestants)
            parts.append(
                f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 3}" y2="{bottom}" stroke="black" stroke-width="2">'
                f"<title>budget {row.budget:g} µs</title></line>"
            )
    return "\n".join([*parts, "</svg>"]) + "\n"
