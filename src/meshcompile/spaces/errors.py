"""The error that ends a computation whose answer would be a guess."""


class Undecided(Exception):
    """The question has no answer within the limits. The message says why, in a phrase that ends a sentence."""
