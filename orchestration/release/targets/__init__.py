"""Places besides the home where a release is published for readers.

Belongs here: taking a finished release, as its manifest describes it, to a Postgres database
(`postgres`) or an object store (`object_store`), so that readers see one whole release, the old or
the new one; which places there are, and what is published there (`publish`).
Does not belong here: building a release (`orchestration.release`).
"""
