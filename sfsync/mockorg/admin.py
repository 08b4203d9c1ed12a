"""The mock org's own paths, ``/__mock/``: counters, log, scripted trouble, clock, reset.

They are neither counted nor guarded by a login.

    GET  stats    calls per kind, records written
    GET  log      the latest requests
    GET  state    records per object
    POST state    any of {"reset": true, "seed": "charge_card:100", "expire": true, "stats": "reset",
                  "usage": 14990, "limit": 15000}
    GET  faults   the script
    POST faults   one fault or a list of them; DELETE clears
    GET  clock    {"now": ...}
    POST clock    {"now": ...} or {"advance": seconds}
    POST reset    empty the org, forget everything
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

_STATE_WORDS = {"reset", "seed", "expire", "usage", "limit", "stats"}


def stats(call: Call) -> Reply:
    """GET /__mock/stats."""
    return Reply(200, call.state.stats.as_json())


def log(call: Call) -> Reply:
    """GET /__mock/log."""
    entries = [
        {
            "number": each.number,
            "kind": each.kind,
            "method": each.method,
            "target": each.target,
            "status": each.status,
        }
        for each in call.state.stats.log
    ]
    return Reply(200, entries)


def counts(call: Call) -> Reply:
    """GET /__mock/state: how many records each object holds."""
    return Reply(200, _counts(call))


def _counts(call: Call) -> dict[str, Any]:
    objects = call.core.schema.objects
    found = {name: call.core.count(name) for name in objects}
    return {"counts": {name: count for name, count in sorted(found.items()) if count}}


def scripted(call: Call) -> Reply:
    """GET /__mock/faults."""
    return Reply(200, call.state.faults.as_json())


def script(call: Call) -> Reply:
    """POST /__mock/faults: the fields of a fault, or a list of such objects."""
    given = call.request.json()
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, dict) or "kind" not in each:
            raise Refused("INVALID_INPUT", "A fault is an object with a kind")
        try:
            call.state.faults.script(**each)
        except (TypeError, ValueError) as error:
            raise Refused("INVALID_INPUT", str(error)) from None
    return scripted(call)


def clear_faults(call: Call) -> Reply:
    """DELETE /__mock/faults."""
    call.state.faults.clear()
    return Reply(204)


def clock(call: Call) -> Reply:
    """GET /__mock/clock."""
    return Reply(200, {"now": call.core.clock.now().isoformat()})


def set_clock(call: Call) -> Reply:
    """POST /__mock/clock."""
    given = call.request.json_object()
    try:
        if "now" in given:
            call.core.clock.set(_moment(given["now"]))
        if "advance" in given:
            call.core.clock.advance(float(given["advance"]))
    except (TypeError, ValueError) as error:
        raise Refused("INVALID_INPUT", str(error)) from None
    return clock(call)


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("The moment needs an offset, such as Z")
    return moment


def routes(reset: Callable[[], None], seed: Callable[[str], None]) -> tuple[Route, ...]:
    """The routes; ``reset`` empties the org, ``seed`` fills it with ``NAME[:N]``."""

    def do_reset(call: Call) -> Reply:
        reset()
        return counts(call)

    def change(call: Call) -> Reply:
        given = call.request.json_object() if _has_body(call.request) else {}
        if strange := sorted(set(given) - _STATE_WORDS):
            known = ", ".join(sorted(_STATE_WORDS))
            raise Refused("INVALID_INPUT", f"Unknown: {', '.join(strange)}. Known: {known}")
        if given.get("reset"):
            reset()
        if given.get("seed"):
            try:
                seed(str(given["seed"]))
            except ValueError as error:
                raise Refused("INVALID_INPUT", str(error)) from None
        if given.get("expire"):
            call.state.sessions.expire()
        counters = call.state.stats
        if given.get("stats") == "reset":
            counters.reset()
        counters.maximum = int(given.get("limit", counters.maximum))
        counters.used = int(given.get("usage", counters.used))
        return counts(call)

    return (
        Route("GET", "/__mock/stats", stats, "mock.stats", "open"),
        Route("GET", "/__mock/log", log, "mock.log", "open"),
        Route("GET", "/__mock/state", counts, "mock.state", "open"),
        Route("POST", "/__mock/state", change, "mock.state", "open"),
        Route("POST", "/__mock/reset", do_reset, "mock.reset", "open"),
        Route("GET", "/__mock/faults", scripted, "mock.faults", "open"),
        Route("POST", "/__mock/faults", script, "mock.faults", "open"),
        Route("DELETE", "/__mock/faults", clear_faults, "mock.faults", "open"),
        Route("GET", "/__mock/clock", clock, "mock.clock", "open"),
        Route("POST", "/__mock/clock", set_clock, "mock.clock", "open"),
    )


def _has_body(request: Request) -> bool:
    return bool(request.body.strip())
