"""Secrets by reference: settings name where a secret is kept, never the secret itself."""

from collections.abc import Mapping
from pathlib import Path

from sfsync.errors import ConfigError

FORMS = "env:NAME, file:PATH or keyring:SERVICE/NAME"


def is_reference(text: str) -> bool:
    """Whether the text names a place instead of being a secret."""
    scheme, colon, rest = text.partition(":")
    return bool(colon and rest.strip()) and scheme in {"env", "file", "keyring"}


def resolve(reference: str, env: Mapping[str, str], base: Path | None = None) -> str:
    """The secret behind a reference; a relative file is looked for in ``base``.

    Raises ConfigError when there is none. The secret never appears in the message.
    """
    scheme, _, rest = reference.partition(":")
    match scheme:
        case "env":
            return _found(
                env.get(rest, ""), f"The environment variable {rest} is not set; {reference} asks for it."
            )
        case "file":
            return _from_file(rest, base)
        case "keyring":
            return _from_keyring(rest)
        case _:
            raise ConfigError(f"A secret must be given as {FORMS}.")


def _from_file(name: str, base: Path | None) -> str:
    path = Path(name).expanduser()
    path = path if path.is_absolute() or base is None else base / path
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"The secret's file {path} cannot be read: {reason}.") from None
    return _found(text, f"The secret's file {path} is empty.")


def _from_keyring(name: str) -> str:
    service, slash, user = name.rpartition("/")
    if not slash or not service or not user:
        raise ConfigError(f"keyring:{name} must have the form keyring:SERVICE/NAME.")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise ConfigError(
            "A secret is kept in a keyring, but the keyring library is missing.",
            hint='Install it with `pip install "sfsync[keyring]"`.',
        ) from None
    try:
        secret = keyring.get_password(service, user)
    except KeyringError:
        raise ConfigError("The keyring of this machine cannot be opened.") from None
    return _found(secret or "", f"The keyring has no secret {service}/{user}.")


def _found(secret: str, problem: str) -> str:
    if not secret.strip():
        raise ConfigError(problem)
    return secret.strip()
