"""The errors that are a user's to mend, each with a complete message and an exit code.

What belongs here: exceptions whose text alone tells a person what was expected, what was found,
where, and what to do next. The command line prints that text without a traceback.
What does not: programming errors (let them fail with their traceback), and warnings.
"""

from typing import ClassVar


class ScorecardError(Exception):
    """A problem that the user can mend. ``str(error)`` is the complete message."""

    exit_code: ClassVar[int] = 1


class UsageError(ScorecardError):
    """The command was called in a way that cannot be meant."""

    exit_code: ClassVar[int] = 2


class WarehouseLockedError(ScorecardError):
    """Another process is writing to the warehouse."""


class HomeNotWritableError(ScorecardError):
    """The home folder, or a file in it, cannot be written."""


class DiskFullError(ScorecardError):
    """There is no room left for the warehouse or for the engine's temporary files."""


class ContractError(ScorecardError):
    """A source contract (a source YAML) is missing, malformed or contradicts itself."""


class EmptyLandingError(ScorecardError):
    """The landing area is missing, cannot be read, or holds no file."""


class CompanyFileError(ScorecardError):
    """The landing area's `company.yml` cannot be read, or says what nobody understands."""


class GateRefusedError(ScorecardError):
    """A quality gate held a data product back."""

    exit_code: ClassVar[int] = 3


class ReleaseError(ScorecardError):
    """A release cannot be built, found or trusted."""
