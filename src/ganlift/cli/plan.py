"""The plan of a run in lines of words; what the plan does not say is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlift.cli.words import duration, safe, some
from ganlift.nouns import noun_of
from ganlift.yardstick import named


def plan_lines(plan: Mapping[str, Any]) -> list[str]:
    """The plan in lines of words; what the plan does not say is left out."""
    if "generator" in plan:
        return generator_plan_lines(plan)
    arms, left = plan.get("arms", 0), plan.get("arms_left", 0)
    what = f"{noun_of(plan)}s"
    which = "unlabelled" if plan.get("labelled") == 0 else "labelled"
    steps = f"{_steps(plan)} steps of {plan.get('batch_size', '?')} {which} {what}" if plan.get("steps") else ""
    generator = f"; a generator's own: {_generator_steps(plan)} steps" if plan.get("needs_generator") else ""
    search = f"; {plan['search']} trials a strategy to choose its options" if plan.get("search") else ""
    at_once = f"{plan['jobs']} at a time" if plan.get("jobs") else ""
    threads = f"{plan['threads']} thread{'s' if plan['threads'] > 1 else ''} each" if plan.get("threads") else ""
    seeds, up_to = len(plan.get("seeds", ())), "up to " if _looks(plan) else ""
    product = f"{len(plan.get('strategies', ()))} strategies × {up_to}{seeds} seeds = {up_to}{arms} arms"
    continued = f"; {arms - left} of {arms} arms are done already" if left < arms else ""
    several = arms > 1
    facts = {
        **_data_facts(plan),
        what.capitalize(): _counts(plan) + (", in each seed" if several else ""),
        "Long tail": _tail(plan),
        **_guesses(plan),
        "Judged by": named(plan["measure"]).words if plan.get("measure") else "",
        "Strategies" if several else "Strategy": some(plan.get("strategies", ()), 20),
        "Arms": f"{product}{search}" if several else "",
        "Each arm" if several else "Trains": f"{steps}{generator}{'' if several else search}",
        "Runs on": ", ".join(safe(one) for one in (plan.get("device"), plan.get("precision"), at_once, threads) if one),
        "On each GPU": _sharing(plan),
        "Looks": _looks(plan),
        "Takes": f"{_takes(plan)}{continued}",
    }
    return _named(facts)


def _sharing(plan: Mapping[str, Any]) -> str:
    """How many jobs share a card, and why as many, where that was found out."""
    if not (found := plan.get("sharing")):
        return ""
    jobs = f"{found['jobs']} job{'s' if found['jobs'] > 1 else ''}"
    needs, free = (f"{found[key] / 1e9:.1f} GB" for key in ("needs_bytes", "free_bytes"))
    return f"{jobs}: an arm needs at most {needs} of {free}" + (
        ", and there are cores for no more" if found["limit"] == "cores" else ""
    )


def _looks(plan: Mapping[str, Any]) -> str:
    """When the comparison is judged, where that is more than once."""
    counts = [str(count) for count in plan.get("looks", {}).get("seeds", ())]
    if len(counts) < 2:
        return ""
    return f"after {', '.join(counts[:-1])} and {counts[-1]} seeds; what is settled stops"


def _takes(plan: Mapping[str, Any]) -> str:
    """The least and the most time, where looks may end it earlier."""
    most, least = plan.get("estimate_s"), plan.get("least_s")
    if most is None:
        return ""
    shortest, longest = duration(least or most), duration(most)
    return f"about {longest}" if shortest == longest else f"{shortest} at least, {longest} at most"


def _steps(plan: Mapping[str, Any]) -> str:
    """The same for all, or from the fewest to the most, where they get the same time."""
    return _fewest_to_most(plan.get("own_steps") or {"": plan["steps"]})


def _generator_steps(plan: Mapping[str, Any]) -> str:
    return _fewest_to_most(plan.get("own_generator_steps") or {"": plan["generator_steps"]})


def _fewest_to_most(own: Mapping[str, int]) -> str:
    return " to ".join(f"{steps:,}" for steps in sorted({min(own.values()), max(own.values())}))


def generator_plan_lines(plan: Mapping[str, Any]) -> list[str]:
    """The plan of a generator that trains for its own sake."""
    steps = f"{plan['generator_steps']:,} steps of {plan['batch_size']} {noun_of(plan)}s"
    generator = f"{safe(plan['generator'])}, {steps}"
    return _named(
        {**_data_facts(plan), f"{noun_of(plan).capitalize()}s": _counts(plan), **_guesses(plan), "Generator": generator}
    )


def _data_facts(plan: Mapping[str, Any]) -> dict[str, str]:
    names = plan.get("classes", ())
    return {
        "Data": ", ".join(safe(plan[key]) for key in ("data", "image") if plan.get(key)),
        "Classes": f"{len(names)}: {some(names)}" if names else "",
    }


def _counts(plan: Mapping[str, Any]) -> str:
    parts = ("labelled", "validation", "unlabelled", "test")
    return ", ".join(f"{plan[part]:,} {part}" for part in parts if plan.get(part))


def _guesses(plan: Mapping[str, Any]) -> dict[str, str]:
    """What was taken to be so of the images, where nobody said."""
    from ganlift.report.words import guessed

    return {name: safe(taken) for name, taken in guessed(plan.get("guesses", ()))}


def _tail(plan: Mapping[str, Any]) -> str:
    """What the labelled images were thinned out to; nothing where they were not."""
    if not plan.get("imbalance"):
        return ""
    return f"{safe(plan['imbalance'])}: {some([str(n) for n in plan['labelled_per_class']], 20)} labelled a class"


def _named(facts: Mapping[str, str]) -> list[str]:
    return [f"{name + ':':<13}{fact}" for name, fact in facts.items() if fact]
