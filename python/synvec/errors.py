"""One class for each way to be wrong: files that are not what they claim to be, and servers."""

from collections.abc import Mapping
from typing import Any


class FormatError(ValueError):
    """A file is not what it claims to be; the message says where, and what to do."""


class HeaderError(FormatError):
    """The header is missing, malformed, or contradicts the file."""


class TruncatedFileError(FormatError, EOFError):
    """The file ends before its content does."""


class RowError(FormatError):
    """One row or record is malformed."""


class EncodingError(FormatError):
    """Text that is not valid in its encoding."""


class LimitError(FormatError):
    """A size beyond a limit; the message names the limit and how to raise it."""


class ChecksumError(FormatError):
    """A checksum does not match: the file has changed since it was written."""


class UnsupportedFormatError(FormatError):
    """A format, version or feature that synvec does not read."""


class UnsafePickleError(FormatError):
    """A pickle names something other than plain data; nothing of it was run."""


class NonFiniteError(FormatError):
    """NaN, infinity, or a number too large for the type."""


class ServiceError(Exception):
    """A server of vectors didn't answer what it was asked.

    Attributes
    ----------
    status
        The HTTP status; None when there was no answer at all.
    type
        The kind of error, as the server calls it.
    details
        What else the server says.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        type: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.details = dict(details or {})

    def __str__(self) -> str:
        # A KeyError, which some of these are, would put quotes around it.
        return str(self.args[0])


class RemoteKeyError(ServiceError, KeyError):
    """A key that the model on the server doesn't hold; ``suggestions`` look like it."""

    @property
    def key(self) -> str | int:
        """What was asked for."""
        key: str | int = self.details.get("key", "")
        return key

    @property
    def suggestions(self) -> list[str | int]:
        """Return keys that look like it."""
        return list(self.details.get("suggestions") or [])


class UnknownModelError(ServiceError, LookupError):
    """A model that the server doesn't serve."""


class InvalidRequestError(ServiceError, ValueError):
    """A request that the server can't make sense of, or that asks for too much at once."""


class UnauthorizedError(ServiceError):
    """The token is missing or wrong."""


class ServerBusyError(ServiceError):
    """The server has too much to do, also after several tries."""


class UnreachableServerError(ServiceError, ConnectionError):
    """Nobody answers, or not in time."""
