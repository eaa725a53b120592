"""What goes wrong on the way to a place outside, in words that hold no secret."""

from orchestration.errors import ScorecardError


class TargetError(ScorecardError):
    """A release stands in the home, but a place outside did not get it."""
