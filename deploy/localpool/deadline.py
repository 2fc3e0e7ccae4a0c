"""Waiting for a condition, with a deadline and without sleeping for luck."""

import time


class DeadlineExceeded(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, what, timeout=10.0, interval=0.02, processes=()):
    """Polls `condition` until it returns something true, and returns that.

    Connection errors count as "not yet". Raises ProcessDied as soon as one of `processes` exits, and
    DeadlineExceeded, naming `what` and the last error, after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    last_error = None
    while True:
        for process in processes:
            process.check()
        try:
            result = condition()
            if result:
                return result
            last_error = None
        except OSError as error:
            last_error = error
        if time.monotonic() >= deadline:
            reason = f" (last error: {last_error})" if last_error else ""
            raise DeadlineExceeded(f"not within {timeout:g} s: {what}{reason}")
        time.sleep(interval)
