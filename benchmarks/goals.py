"""What a row of the table has to reach: each goal has a text, and judges the medians of one row."""

import dataclasses
from collections.abc import Callable

from engines import ENGINES


@dataclasses.dataclass(frozen=True)
class Goal:
    """`judge` takes {engine: median} and returns (what was reached, whether that is enough).

    It raises KeyError if an engine that the goal compares with was not measured.
    """

    text: str
    judge: Callable[[dict], tuple[str, bool]]


def faster(times, than="tensorflow"):
    """At least `times` times as fast as engine `than`."""

    def judge(medians):
        ratio = medians[than] / medians["tfcompat"]
        return f"{ratio:.3g}x", ratio >= times

    return Goal(
        f">= {times}x faster than {ENGINES[than].label}" if times > 1 else f"faster than {ENGINES[than].label}", judge
    )


def within(times, of="tensorflow", what="tfcompat"):
    """Engine `what` takes at most `times` times as long as engine `of`."""

    def judge(medians):
        ratio = medians[what] / medians[of]
        return f"{ratio:.3g}x", ratio <= times

    text = f"<= {times}x {ENGINES[of].label}"
    return Goal(text if what == "tfcompat" else f"{ENGINES[what].label} {text}", judge)


def at_most_seconds_more(seconds, than):
    """At most `seconds` longer than engine `than`."""

    def judge(medians):
        more = medians["tfcompat"] - medians[than]
        return f"{more:+.3f} s", more <= seconds

    return Goal(f"<= {ENGINES[than].label} + {seconds} s", judge)


def at_most_microseconds(limit):
    def judge(medians):
        return f"{medians['tfcompat'] * 1e6:.3g} µs", medians["tfcompat"] <= limit * 1e-6

    return Goal(f"<= {limit} µs", judge)


def at_most(limit):
    """For counts."""

    def judge(medians):
        return f"{medians['tfcompat']:.10g}", medians["tfcompat"] <= limit

    return Goal(f"<= {limit:,}" if limit else "none", judge)
