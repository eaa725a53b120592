"""Computing a published release again, from raw facts, configuration and estimators of then.

Belongs here: the scratch home in which it is computed, and what of it is compared with what was
published. Does not belong here: comparing two releases (`orchestration.release.changes`).
"""
