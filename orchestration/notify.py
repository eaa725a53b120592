"""Telling people outside that a run failed.

What belongs here: one small message to one webhook. What does not: deciding what a failure is.
"""

import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
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
    target = url or os.environ.get(WEBHOOK_VARIABLE, "")
    if not target:
        return False
    if urlsplit(target).scheme not in ("http", "https"):
        LOGGER.error("%s is not an http or https address; nothing was posted", WEBHOOK_VARIABLE)
        return False
    body = json.dumps({"text": text, "job": job, "run_id": run_id, "steps": list(steps)})
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        target, data=body.encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return True
    except (OSError, urllib.error.URLError, ValueError) as error:
        LOGGER.error("the webhook did not take the message: %s", error)
        return False
