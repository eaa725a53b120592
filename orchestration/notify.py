"""Telling people outside that a run failed, or that a gate held a data product back.

What belongs here: one small message to one webhook. What does not: deciding what a failure is.
"""

import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

LOGGER = logging.getLogger(__name__)

WEBHOOK_VARIABLE = "SCORECARD_WEBHOOK_URL"
TIMEOUT_SECONDS = 10


def notify_failure(*, job: str, run_id: str, steps: Sequence[str], url: str | None = None) -> bool:
    """Log that a run failed, and post it to the webhook where one is set.

    The message names job, run and steps only: an error's own text could hold data. A webhook that
    does not answer is logged and never fails anything.

    Args:
        job: The job.
        run_id: The run.
        steps: The steps that failed.
        url: The webhook; `SCORECARD_WEBHOOK_URL` by default. `http` and `https` only.

    Returns:
        Whether a webhook accepted the message.
    """
    failed = ", ".join(steps) or "before its first step"
    text = f"Scorecard run {run_id} of job {job} failed ({failed})."
    LOGGER.error("%s", text)
    return _post({"text": text, "job": job, "run_id": run_id, "steps": list(steps)}, url)


def notify_held(
    *, run_id: str, release_id: str | None, held: Mapping[str, str], url: str | None = None
) -> bool:
    """Log which products the gates held back and why, and post it to the webhook where one is set.

    A reason of a gate has names of rules and counts, and no value of a customer.

    Args:
        run_id: The run.
        release_id: The release that stands without them, or with their last good version; None
            where nothing was published.
        held: Each held product to its reason.
        url: The webhook; `SCORECARD_WEBHOOK_URL` by default. `http` and `https` only.

    Returns:
        Whether a webhook accepted the message.
    """
    count = f"{len(held)} data product{'' if len(held) == 1 else 's'}"
    listed = "; ".join(f"{product}: {reason}" for product, reason in held.items())
    text = f"Scorecard run {run_id}: the gates held {count} back. {listed}"
    LOGGER.warning("%s", text)
    return _post(
        {"text": text, "run_id": run_id, "release_id": release_id, "held": dict(held)}, url
    )


def _post(content: Mapping[str, object], url: str | None) -> bool:
    target = url or os.environ.get(WEBHOOK_VARIABLE, "")
    if not target:
        return False
    if urlsplit(target).scheme not in ("http", "https"):
        LOGGER.error("%s is not an http or https address; nothing was posted", WEBHOOK_VARIABLE)
        return False
    body = json.dumps(content)
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        target, data=body.encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return True
    except (OSError, urllib.error.URLError, ValueError) as error:
        LOGGER.error("the webhook did not take the message: %s", error)
        return False
