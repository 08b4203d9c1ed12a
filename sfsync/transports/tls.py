"""Encrypted connections to mail servers: whose certificates are trusted, and what to say of others."""

import ssl
from pathlib import Path

from sfsync.errors import TransportFailed


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts the authorities of this machine and those whose certificates stand in ``ca_file`` (PEM).

    Raises TransportFailed (nothing was sent) for a file that cannot be read or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file is None:
        return context
    hint = "Name a file with the certificate of the authority, in PEM: -----BEGIN CERTIFICATE-----."
    try:
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        raise TransportFailed(f"`ca_file` {ca_file} holds no certificate.", sent=False, hint=hint) from None
    except OSError as error:
        text = f"`ca_file` {ca_file} cannot be read: {error.strerror}."
        raise TransportFailed(text, sent=False, hint=hint) from None
    return context


def no_secure_connection(error: ssl.SSLError, where: str) -> TransportFailed:
    """Why no encrypted connection came about; nothing was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportFailed(
            f"the certificate of {where} is not trusted: {error.verify_message}.",
            sent=False,
            hint="Check the host's name. If an authority of your own signed it, name its certificate by `ca_file`.",
        )
    hint = "Check the port and `security` (tls, starttls or none)."
    return TransportFailed(f"no secure connection to {where} ({error.reason}).", sent=False, hint=hint)
