"""Loaded by Python before a client's own code: leads what ``requests`` sends to the org under test.

simple-salesforce and those who build on it write ``https`` into every address. Nothing of them is changed; the
door they go out by leads to the plain http address in ``MOCK_ORG``.
"""

import os
import re
from urllib.parse import urlsplit

import requests

_TWICE = re.compile("^https://https?:/+")  # CumulusCI writes https before an address that has a scheme
_send = requests.Session.request


def _led(self, method, url, *rest, **named):
    asked = urlsplit(_TWICE.sub("http://", url))
    target = urlsplit(os.environ["MOCK_ORG"])
    return _send(self, method, asked._replace(scheme="http", netloc=target.netloc).geturl(), *rest, **named)


requests.Session.request = _led
