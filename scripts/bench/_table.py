"""Printing of benchmark figures: a table for people, a list for machines.

Every script beside this one measures a few things in one run, next to a named
rival measured in the same run, and hands its rows to `report`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        name: What was measured.
        value: The figure, in `unit`.
        rival: What it is compared with, "" when with nothing.
        rival_value: The rival's figure, same unit, same run.
        ratio: value / rival_value, or None.
        goal: What was promised, in words: ">= 90 % of llama.cpp".
        met: Whether the goal is met; None when there is none.
    """

    name: str
    value: float
    unit: str
    rival: str = ""
    rival_value: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def at_least(
    name: str, value: float, unit: str, rival: str, rival_value: float, share: float
) -> Row:
    """Return a row whose goal is a figure of at least `share` of the rival's (more is better)."""
    ratio = value / rival_value
    goal = f">= {share:.0%} of {rival}"
    return Row(name, value, unit, rival, rival_value, ratio, goal, ratio >= share)


def at_most(
    name: str, value: float, unit: str, rival: str, rival_value: float, share: float
) -> Row:
    """Return a row whose goal is a figure of at most `share` times the rival's (less is better)."""
    ratio = value / rival_value
    goal = f"<= {share:g} x {rival}"
    return Row(name, value, unit, rival, rival_value, ratio, goal, ratio <= share)


def within(name: str, value: float, unit: str, limit: float) -> Row:
    """Return a row whose goal is a figure of at most `limit`, in the same unit."""
    return Row(name, value, unit, goal=f"<= {limit:g} {unit}", met=value <= limit)


def report(rows: list[Row], as_json: bool) -> int:
    """Print the rows; returns the exit status: 0 when every goal is met, 1 otherwise."""
    if as_json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=2)
        print()
    else:
        _print_table(rows)
    return 0 if all(row.met is not False for row in rows) else 1


def _print_table(rows: list[Row]) -> None:
    heads = ("what", "value", "unit", "rival", "its value", "ratio", "goal", "met")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return (
        row.name,
        _number(row.value),
        row.unit,
        row.rival,
        _number(row.rival_value),
        _number(row.ratio),
        row.goal,
        met,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
