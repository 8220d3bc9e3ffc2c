"""Automata of earlier tables, remembered: random tables have few texts, so the same sets come again and again."""

from __future__ import annotations

from functools import lru_cache

from meshcompile.spaces import determinize, language

MOST = 50_000


def remember_automata() -> None:
    """Make each automaton once in this process. What an automaton is depends on nothing else."""
    for module, name in ((language, "product"), (determinize, "automaton")):
        setattr(module, name, lru_cache(MOST)(getattr(module, name)))
