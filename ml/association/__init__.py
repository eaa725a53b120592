"""Which indicators go with which others, how many months later, and how surely (handbook C21).

Belongs here: rank correlation of panels with intervals and p by resampling of customers or of
blocks of months, what is left of it given tier, tenure and season, within and between customers,
the false discovery rate of all tests of a run.
Does not belong here: reading panels (`orchestration.association`), which pairs are looked at (the
seed `kpi_pairs`), words (the mart `kpi_associations`).
"""
