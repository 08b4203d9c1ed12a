"""The one door to an org's HTTP: time-outs, repetition by fault class, one locked re-login, counted calls.

Built on simple_salesforce.Salesforce, which holds the addresses and headers of the session. Its own renewal is
not used: it drops a call's headers and may log in without end.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeGuard
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from simple_salesforce.api import Salesforce
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from sfsync.clock import Clock
from sfsync.errors import ConfigError, LoginFailed, OrgError
from sfsync.logs import event
from sfsync.salesforce.auth import OrgSettings, choose
from sfsync.salesforce.faults import Fault, FaultKind, classify, to_error
from sfsync.salesforce.logins import DEFAULT_VERSION, Login, Token, is_loopback
from sfsync.salesforce.retry import Policy, Trouble, attempt
from sfsync.salesforce.usage import ApiUsage, kind_of

_log = logging.getLogger(__name__)

_BLOCK = 1 << 17
"""Bytes of an upload or a download that are handed on at once."""

Body = bytes | str | IO[bytes] | Callable[[str], bytes]
"""What is sent: bytes, text, an open file, or a function of the session's token (SOAP carries it in the body)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer of the org. ``body`` is empty when it was streamed to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON; OrgError when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise OrgError(
                "The org answered with something that is not JSON.",
                status=self.status,
                hint="A proxy may have changed the answer; check the network.",
            ) from None


class _LargeBlocks(requests.adapters.HTTPAdapter):
    """Uploads go out in larger blocks than urllib3's 16 kB, which takes half of the processor's time."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, blocksize=_BLOCK, **more)


class Http(requests.Session):
    """requests with time-outs always, no redirects, no cookies, no netrc, and http:// for this machine only."""

    def __init__(self, timeout: tuple[float, float] = (10.0, 120.0)) -> None:
        super().__init__()
        self.timeout = timeout
        self.auth = _keep  # an `auth` of any kind stops requests from replacing our header by one from netrc
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._plain: set[str] = set()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _LargeBlocks(pool_connections=4, pool_maxsize=16))

    def speak_plain_to(self, url: str) -> None:
        """Use http for this host of our own machine also where a library writes https."""
        parts = urlsplit(url)
        if parts.scheme == "http" and is_loopback(parts.hostname):
            self._plain.add(parts.netloc)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        address = url.decode() if isinstance(url, bytes) else url
        parts = urlsplit(address)
        if parts.scheme == "https" and parts.netloc in self._plain:
            address = parts._replace(scheme="http").geturl()
        elif parts.scheme != "https" and not is_loopback(parts.hostname):
            raise ConfigError(f"{parts.scheme}://{parts.netloc} is not protected; use https://.")
        if is_loopback(parts.hostname):
            kwargs["proxies"] = {"no_proxy": parts.hostname}  # a proxy has no way back to this machine
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        kwargs.setdefault("allow_redirects", False)
        return super().request(method, address, *args, **kwargs)


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class Session:
    """An open session with one org; safe to share among threads. Logs in when it is made."""

    def __init__(
        self,
        login: Login,
        *,
        clock: Clock,
        version: str = DEFAULT_VERSION,
        timeout: tuple[float, float] = (10.0, 120.0),
        policy: Policy | None = None,
    ) -> None:
        self.clock = clock
        self.version = version
        self.usage = ApiUsage()
        self._login = login
        self._http = Http(timeout)
        self._policy = policy or Policy()
        self._lock = threading.Lock()
        self._numbers = count(1)
        self.newest = ""
        """The request that was sent last: its number, as in the log, and what it was: ``#12 POST composite``."""
        self._token, self._salesforce = self._open()

    @property
    def instance_url(self) -> str:
        """Scheme, host and port of the org."""
        return self._token.instance_url

    @property
    def token(self) -> str:
        """The access token of this moment."""
        return self._token.access_token

    @property
    def salesforce(self) -> Salesforce:
        """The simple_salesforce client of this session, for calls that sfsync has no word for."""
        return self._salesforce

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Body | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        timeout: float | None = None,
        stream_to: BinaryIO | None = None,
    ) -> Answer:
        """Send a request and return the org's successful answer; every other answer becomes an error.

        ``path`` is absolute on the instance or relative to the REST base ("query"). ``repeatable`` says that
        sending twice does no more than sending once: True for GET, HEAD and DELETE, else False unless said.
        ``stream_to`` takes the body of a successful answer instead of ``Answer.body``.
        Raises the errors of ``faults.to_error``; OutcomeUnknown when the answer to a write was lost.
        """
        safe = method.upper() in {"GET", "HEAD", "DELETE"} if repeatable is None else repeatable
        start = data.tell() if _is_file(data) else 0
        mark = stream_to.tell() if stream_to is not None else 0

        def send() -> Answer:
            token, client = self._token, self._salesforce
            try:
                return once(token, client)
            except Trouble as trouble:
                if trouble.fault.kind is not FaultKind.EXPIRED:
                    raise
                return once(*self._renew(token))

        def once(token: Token, client: Salesforce) -> Answer:
            if _is_file(data):
                data.seek(start)
            if stream_to is not None:
                stream_to.seek(mark)
                stream_to.truncate()
            body = data(token.access_token) if callable(data) else data
            url = self._url(path, client)
            sent = self._headers(url, client, headers, has_json=json is not None)
            limit = (self._http.timeout[0], timeout) if timeout is not None else None
            return self._exchange(
                method,
                url,
                json=json,
                data=body,
                params=params,
                headers=sent,
                timeout=limit,
                stream_to=stream_to,
            )

        try:
            return attempt(send, repeatable=safe, clock=self.clock, policy=self._policy)
        except Trouble as trouble:
            raise to_error(trouble.fault, self._host, repeatable=safe) from None

    @property
    def _host(self) -> str:
        return urlsplit(self.instance_url).netloc

    def _url(self, path: str, client: Salesforce) -> str:
        instance = self.instance_url
        if path.startswith("/"):
            return instance + path
        if "://" in path:
            if urlsplit(path).netloc != self._host:
                raise ConfigError(f"{urlsplit(path).netloc} is not the org of this session.")
            return path
        return client.base_url + path

    def _headers(
        self, url: str, client: Salesforce, extra: Mapping[str, str] | None, *, has_json: bool
    ) -> dict[str, str]:
        headers = dict(client.headers)
        del headers["X-PrettyPrint"]  # blanks would only make answers longer
        if not has_json:
            del headers["Content-Type"]
        if kind_of(urlsplit(url).path) == "bulk1":
            headers["X-SFDC-Session"] = client.session_id
        return headers | dict(extra or {})

    def _exchange(self, method: str, url: str, *, stream_to: BinaryIO | None, **sent: Any) -> Answer:
        kind = kind_of(urlsplit(url).path)
        self.usage.count(kind)
        number = next(self._numbers)
        self.newest = f"#{number} {method} {kind}"
        started = self.clock.monotonic()
        try:
            with self._http.request(method, url, stream=True, **sent) as response:
                self.usage.read(response.headers.get("Sforce-Limit-Info"))
                if stream_to is not None and response.ok:
                    stream_to.writelines(response.iter_content(_BLOCK))
                    body = b""
                else:
                    body = response.content
        except requests.RequestException as error:
            raise Trouble(fault_of(error)) from None
        event(
            _log,
            logging.DEBUG,
            "salesforce.request",
            request=number,
            kind=kind,
            method=method,
            path=urlsplit(url).path,
            status=response.status_code,
            seconds=round(self.clock.monotonic() - started, 3),
        )
        headers = CaseInsensitiveDict(response.headers)
        fault = classify(response.status_code, headers, body)
        if fault is not None:
            raise Trouble(fault)
        return Answer(response.status_code, headers, body)

    def _renew(self, stale: Token) -> tuple[Token, Salesforce]:
        """Log in again, once for all threads that found ``stale`` ended. Never calls itself."""
        with self._lock:
            if self._token is stale:
                if not self._login.renewable:
                    raise LoginFailed(
                        "The session of the given access token has ended, and it cannot be renewed.",
                        hint="Give a new SF_ACCESS_TOKEN, or name an org in config/sfsync.yaml that can log in.",
                    )
                event(_log, logging.INFO, "salesforce.renew", host=self._host)
                self._token, self._salesforce = self._open()
            return self._token, self._salesforce

    def _open(self) -> tuple[Token, Salesforce]:
        def login() -> Token:
            if self._login.calls:
                self.usage.count("login")
            try:
                return self._login.login(self._http)
            except requests.RequestException as error:
                raise Trouble(fault_of(error)) from None

        login_url = getattr(self._login, "login_url", "")
        self._http.speak_plain_to(login_url)
        try:
            token = attempt(login, repeatable=True, clock=self.clock, policy=self._policy)
        except Trouble as trouble:
            raise to_error(trouble.fault, urlsplit(login_url).netloc, repeatable=True) from None
        self._http.speak_plain_to(token.instance_url)
        client = Salesforce(
            instance_url=token.instance_url,
            session_id=token.access_token,
            version=self.version,
            session=self._http,
        )
        return token, client


def connect(
    settings: OrgSettings | None, env: Mapping[str, str], clock: Clock, *, base: Path | None = None
) -> Session:
    """Log in to the org that the settings name, else the one of the environment (see ``auth.choose``)."""
    login = choose(settings, env, clock, base)
    if settings is None:
        return Session(login, clock=clock)
    timeout = (settings.connect_timeout, settings.read_timeout)
    return Session(login, clock=clock, version=settings.version, timeout=timeout)


_NETWORK = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


def fault_of(error: requests.RequestException) -> Fault:
    """Whether a network error came before or after the request left."""
    if not isinstance(error, _NETWORK):
        return Fault(FaultKind.REFUSED, message=f"the request cannot be sent: {type(error).__name__}")
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    never_left = isinstance(
        error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    ) or isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError)
    kind = FaultKind.UNREACHED if never_left else FaultKind.BROKEN
    return Fault(kind, message=_network_words(error, reason))


def _network_words(error: requests.RequestException, reason: object) -> str:
    match error, reason:
        case _, NameResolutionError():
            return "its name is not known to the network"
        case requests.exceptions.SSLError(), _:
            return "its certificate is not accepted"
        case requests.exceptions.ProxyError(), _:
            return "the proxy does not let us through"
        case requests.ConnectTimeout(), _:
            return "no connection in time"
        case requests.ReadTimeout(), _:
            return "no answer in time"
        case _, NewConnectionError():
            return "the connection is refused"
        case _:
            return "the connection was lost"


def _is_file(data: Body | None) -> TypeGuard[IO[bytes]]:
    return hasattr(data, "seek")
