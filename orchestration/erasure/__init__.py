"""Erasing a person: from raw facts, quarantine, landing files, training rows and later releases.

Belongs here: finding whom a customer's records are about (`person`), taking the person out of the
warehouse (`erase`) and of the home's landing files (`landing`). Does not belong here: what is
remembered, and keeping the person out of later loads (`orchestration.ingestion.tombstones`).

A person's facts are not deleted but made nobody's: each identifier is replaced by a random token,
names, addresses and texts are emptied. So sums of all customers stay as they were, and no key leads
back to the person.
"""
