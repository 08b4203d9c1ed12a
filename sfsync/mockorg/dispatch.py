"""What happens to a request between door and handler: route, scripted trouble, session, count, transaction,
error document.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from sfsync.mockorg import soap, xml_out
from sfsync.mockorg.auth import bearer
from sfsync.mockorg.bulk1_documents import error_document
from sfsync.mockorg.faults import Fault
from sfsync.mockorg.http import XML, Reply, Request, Response, to_response
from sfsync.mockorg.problems import MultipleMatches, Refused, not_found
from sfsync.mockorg.rest import OLDEST_VERSION
from sfsync.mockorg.router import Family, Route, Router
from sfsync.mockorg.state import Call, State
from sfsync.mockorg.writes import rest_error

LONGEST_URI = 16_384
"""Bytes of a URI, and of URI and headers together; source: "Status Codes and Error Responses"."""

_BEFORE = ("lost_before", "expired", "limit", "concurrent", "error", "unavailable")
_INSIDE = ("limit", "concurrent", "error", "unavailable")
_EXPIRED = Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)

log = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests, one at a time: the org's state is behind one lock."""

    def __init__(self, state: State, router: Router) -> None:
        self._state = state
        self._router = router
        state.subrequest = self.subrequest

    def handle(self, request: Request) -> Response:
        """Answer a request from outside."""
        with self._state.core.lock:
            if refused := _too_long(request):
                return to_response(refused)
            request = _overridden(request)
            match = self._router.match(request.method, request.path)
            if match.route is None:
                reply = _error(_lost_way(match.methods, request.method), "rest", request)
                self._state.stats.record(request, "unknown", reply.status)
                return to_response(reply)
            if match.route.kind.startswith("mock."):
                return to_response(
                    _guarded(match.route.handler, Call(self._state, request, match.args, "mock"), "rest")
                )
            kind, family = _kind(match.route, request)
            response = self._answer(Call(self._state, request, match.args, kind), match.route, family)
            self._state.stats.record(request, kind, 0 if response.lost else response.status)
            return response

    def _answer(self, call: Call, route: Route, family: Family) -> Response:
        state, request = self._state, call.request
        line = f"{request.method} {request.path}"
        before = state.faults.request(_BEFORE, call.kind, line)
        if before is not None and before.kind == "lost_before":
            return Response(0, lost=True)
        after = state.faults.request(("lost_after", "slow"), call.kind, line)
        state.background.poll(state.quirks.bulk_slice)
        state.core.store.keep()  # what a client may be told of is in the data file
        reply = self._reply(call, route, family, before)
        headers = dict(reply.headers)
        if family == "rest":
            headers["Sforce-Limit-Info"] = state.stats.limit_info
        pretty = request.header("x-prettyprint") == "1"
        reply = replace(reply, headers=headers)
        if family in {"rest", "open"} and reply.value is not None and _wants_xml(request):
            reply = replace(
                reply, body=xml_out.document(reply.value, call.kind, reply.status), content_type=XML
            )
        response = to_response(reply, pretty=pretty)
        if after is not None and after.kind == "lost_after":
            return Response(response.status, lost=True)
        delay = after.seconds if after is not None else 0.0
        return replace(response, delay=delay) if delay else response

    def _reply(self, call: Call, route: Route, family: Family, trouble: Fault | None) -> Reply:
        state, request = self._state, call.request
        try:
            if trouble is not None:
                raise trouble.refusal()
            if family in {"login", "login_soap"}:
                state.stats.logins += 1
            elif family != "open":
                call = self._admitted(call, family)
                _check_version(call, family)
            return _guarded(route.handler, call, family)
        except Refused as refusal:
            return _error(refusal, family, request)

    def _admitted(self, call: Call, family: Family) -> Call:
        """The call with its user, counted."""
        token = soap.token_of(call.request.body) if family == "soap" else bearer(call.request)
        user = self._state.sessions.user(token)
        if user is None:
            raise _EXPIRED
        if self._state.stats.exhausted:
            raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self._state.stats.count(call.kind)
        return Call(call.state, call.request, call.args, call.kind, user)

    def subrequest(self, outer: Call, request: Request) -> Reply:
        """Answer a part of a composite, graph or batch: not counted, same user, errors as a list."""
        match = self._router.match(request.method, request.path)
        if match.route is None or match.route.family != "rest":
            return _error(_lost_way(match.methods, request.method), "rest", request)
        call = Call(self._state, request, match.args, match.route.kind, outer.user)
        try:
            trouble = self._state.faults.request(
                _INSIDE, f"sub.{call.kind}", f"SUB {request.method} {request.path}"
            )
            if trouble is not None:
                raise trouble.refusal()
            _check_version(call, "rest")
            reply = _guarded(match.route.handler, call, "rest")
            if reply.body is not None or reply.chunks is not None:
                raise Refused("INVALID_INPUT", "The bytes of a file cannot be part of another answer")
            return reply
        except Refused as refusal:
            return _error(refusal, "rest", request)


def _overridden(request: Request) -> Request:
    """The request with the method that a POST names in its URL, for clients that cannot send PATCH or DELETE."""
    method = request.query.get("_HttpMethod", "").upper() if "_HttpMethod=" in request.target else ""
    return replace(request, method=method) if request.method == "POST" and method else request


def _wants_xml(request: Request) -> bool:
    accepted = request.header("accept").lower()
    return "application/xml" in accepted and "json" not in accepted and "*/*" not in accepted


def _kind(route: Route, request: Request) -> tuple[str, Family]:
    """The name under which a request is counted: SOAP requests go by their operation."""
    if route.family != "soap":
        return route.kind, route.family
    try:
        operation = soap.operation_of(request.body)
    except Refused:
        return route.kind, "soap"
    return ("login", "login_soap") if operation == "login" else (operation or route.kind, "soap")


def _guarded(handler: Callable[[Call], Reply], call: Call, family: Family) -> Reply:
    """Run a handler; a mistake of ours becomes the answer that an org gives for its own."""
    try:
        return handler(call)
    except Refused as refusal:
        return _error(refusal, family, call.request)
    except Exception as error:
        log.exception("The mock org failed on %s", call.kind)
        text = f"The mock org has a bug: {type(error).__name__}: {error}"
        return _error(Refused("UNKNOWN_EXCEPTION", text, status=500), family, call.request)


def _error(refusal: Refused, family: Family, request: Request) -> Reply:
    if family in {"soap", "login_soap"}:
        return soap.fault(refusal)
    if family == "bulk1":
        return error_document(refusal, request)
    if isinstance(refusal, MultipleMatches):
        version = request.path.split("/")[3]
        paths = [f"/services/data/{version}/sobjects/{refusal.object_name}/{each}" for each in refusal.ids]
        return Reply(300, paths)
    return Reply(refusal.status, [rest_error(refusal)])


def _lost_way(methods: tuple[str, ...], method: str) -> Refused:
    if not methods:
        return not_found()
    allowed = ",".join(sorted(set(methods)))
    text = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
    return Refused("METHOD_NOT_ALLOWED", text, status=405)


def _check_version(call: Call, family: Family) -> None:
    given = call.args.get("version")
    if given is None:
        return
    if not OLDEST_VERSION <= float(call.version) <= call.state.quirks.newest_version:
        if family == "rest":
            raise not_found()
        raise Refused("UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {call.version}")


def _too_long(request: Request) -> Reply | None:
    if len(request.target) > LONGEST_URI:
        return Reply(414, [{"message": "URI Too Long", "errorCode": "URI_TOO_LONG"}])
    headers = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    if len(request.target) + headers > LONGEST_URI:
        text = "Request Header Fields Too Large"
        return Reply(431, [{"message": text, "errorCode": "REQUEST_HEADER_FIELDS_TOO_LARGE"}])
    return None
