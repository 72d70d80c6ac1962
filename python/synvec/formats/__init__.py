"""Vector files: recognised by content, opened, saved and converted."""

from synvec.formats.glove import load_glove, save_glove
from synvec.formats.limits import Limits
from synvec.formats.native import NativeParts, open_native, save_native
from synvec.formats.opening import convert, load, save, vectors_of
from synvec.formats.registry import FORMATS, Format, format_of_ending
from synvec.formats.sniff import sniff
from synvec.formats.verifying import Verified, verify
from synvec.formats.word2vec import ReadOptions, load_word2vec, save_word2vec

__all__ = [
    "FORMATS",
    "Format",
    "Limits",
    "NativeParts",
    "ReadOptions",
    "Verified",
    "convert",
    "format_of_ending",
    "load",
    "load_glove",
    "load_word2vec",
    "open_native",
    "save",
    "save_glove",
    "save_native",
    "save_word2vec",
    "sniff",
    "vectors_of",
    "verify",
]
