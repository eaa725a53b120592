"""The rules of a configuration, in one list.

Belongs here: the list, in the order in which the rules are tried. Does not belong here: what needs
a warehouse (judgements are `orchestration.weighting`, what is measured `orchestration.choices`).
"""

from typing import Final

from orchestration.configuration import assessment, cells, decisions, measures, trees
from orchestration.configuration.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *cells.RULES,
    *trees.RULES,
    *measures.RULES,
    *decisions.RULES,
    *assessment.RULES,
)
