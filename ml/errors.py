"""Errors of the statistics room.

Belongs here: exceptions that `ml` raises for something a caller can put right.
Does not belong here: errors of files, the warehouse or the command line.
"""


class EstimatorError(ValueError):
    """Something the statistics cannot work with; the text is complete for a person."""


class FrameError(EstimatorError):
    """A frame lacks, repeats or leaves empty a column that is needed; names the columns."""


class FitError(EstimatorError):
    """A likelihood or an estimator could not be fitted to the data given."""


class RegistryError(EstimatorError):
    """A stored estimator is missing, was changed, or holds what it must not hold."""


class OutdatedError(RegistryError):
    """A stored estimator is what was stored, but this code or these features cannot use it."""


class LexiconError(EstimatorError):
    """A file of a lexicon is missing or makes no sense; names the file and the line."""
