"""What the commands say of an error."""

from synvec import FormatError
from synvec.cli.messages import one_line


def test_arguments_of_python_are_told_as_options() -> None:
    told = one_line(FormatError('v.txt: 3 rows, expected 4; load them with count="actual"'))
    assert told.endswith("(on the command line: synvec convert --count actual IN OUT)")
    told = one_line(FormatError("v.txt: NaN at byte 9;\n allow_nonfinite=True loads it"))
    assert told.endswith("loads it (on the command line: synvec convert --allow-nonfinite IN OUT)")
    assert one_line(FormatError("v.txt: is empty")) == "v.txt: is empty"


def test_other_errors_are_one_line() -> None:
    assert one_line(KeyError("no such key")) == "no such key"
    assert one_line(ValueError("two\nlines")) == "two lines"
    assert one_line(OSError(2, "No such file", "x.kv")) == "x.kv: No such file"
    assert one_line(RuntimeError()) == "RuntimeError"
    assert one_line(MemoryError()) == "out of memory"
