"""Taking personal data out: a person everywhere, and what is past its period in all tables.

Belongs here: finding whom a customer's records are about (`person`), taking the person out of the
warehouse (`erase`) and of the home's landing files (`landing`); emptying values that are past their
period (`expire`). Does not belong here: what is remembered, and keeping it out of later loads
(`orchestration.ingestion.tombstones`, `orchestration.ingestion.retention`).

A person's facts are not deleted but made nobody's: each identifier is replaced by a random token,
names, addresses and texts are emptied. So sums of all customers stay as they were, and no key leads
back to the person.
"""
