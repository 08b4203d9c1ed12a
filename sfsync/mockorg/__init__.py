"""A Salesforce org on your own machine: REST, Bulk and SOAP over HTTP or in-process. See ``mock.py``."""

from sfsync.mockorg.faults import Fault, Faults
from sfsync.mockorg.http import Request, Response, make_request
from sfsync.mockorg.mock import MockOrg
from sfsync.mockorg.quirks import Quirks

__all__ = ["Fault", "Faults", "MockOrg", "Quirks", "Request", "Response", "make_request"]
