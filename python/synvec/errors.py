"""What a file that is not what it claims to be raises: one class for each way to be wrong."""


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
