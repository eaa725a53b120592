"""The configuration that is data: whether it can be meant, and who changed it when.

Belongs here: reading the seeds as people wrote them, the rules that every row must keep, the ledger
of their versions. Does not belong here: what the configuration means for a score (dbt), computed
weights (`orchestration.weighting`), choices on the command line (`orchestration.choices`).
"""
