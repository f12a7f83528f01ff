"""A numbered sentence of a textbook, which the steps of its section's labs put to the test."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed, in one language; `in_fact` is what is so instead, None where the claim holds."""

    id: str
    says: str
    in_fact: str | None = None
