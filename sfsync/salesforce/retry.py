"""The one policy for repeating a request: by fault class, with growing pauses, on the clock that is given."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from sfsync.clock import Clock
from sfsync.logs import event
from sfsync.salesforce.faults import Fault

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Trouble(Exception):
    """A request failed as a whole, for the reason in ``fault``; the session turns it into an SfsyncError."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long: pauses of ``first`` seconds, doubled each time up to ``longest``, give or take half.

    ``jitter`` gives numbers from 0 to 1, so that many clients do not come back in the same moment.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 30.0
    jitter: Callable[[], float] = random.random

    def pause(self, attempt: int, least: float = 0.0) -> float:
        """Seconds to wait after the ``attempt``-th try (from 1); never less than ``least``."""
        base = min(self.longest, self.first * 2.0 ** (attempt - 1))
        return max(least, base) * (1 + self.jitter() / 2) if least > base else base * (0.5 + self.jitter())


def attempt(send: Callable[[], T], *, repeatable: bool, clock: Clock, policy: Policy) -> T:
    """Call ``send`` until it succeeds or may not be repeated any more; then its last Trouble is raised.

    ``repeatable`` says that sending twice does no more than sending once (reads, keyed upserts).
    """

    def again(error: BaseException) -> bool:
        return isinstance(error, Trouble) and error.fault.may_repeat(repeatable=repeatable)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= min(policy.tries, _fault(state).tries)

    def wait(state: RetryCallState) -> float:
        return policy.pause(state.attempt_number, _fault(state).wait)

    def tell(state: RetryCallState) -> None:
        fault = _fault(state)
        event(
            _log,
            logging.WARNING,
            "salesforce.retry",
            fault=fault.kind.value,
            detail=fault.detail,
            attempt=state.attempt_number,
            seconds=round(state.upcoming_sleep, 2),
        )

    policy_run = Retrying(
        sleep=clock.sleep,
        retry=retry_if_exception(again),
        stop=stop,
        wait=wait,
        before_sleep=tell,
        reraise=True,
    )
    return policy_run(send)


def _fault(state: RetryCallState) -> Fault:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, Trouble):
        raise TypeError("only a Trouble is repeated")
    return error.fault
