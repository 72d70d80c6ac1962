"""The progress argument."""

import io
import sys

import pytest

from synvec.progress import observing

SCAN = {"phase": "scan", "bytes": 50, "total_bytes": 100, "words": 10, "sentences": 1}
TRAIN = {
    "phase": "train", "epoch": 0, "epochs": 2, "raw_words": 30, "total_raw_words": 60,
    "trained_words": 20, "alpha": 0.0125, "loss": 12.5,
}  # fmt: skip


def test_a_bar_for_each_phase(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with observing(True) as report:
        report(SCAN)
        report(TRAIN)
        report({**TRAIN, "epoch": 2, "raw_words": 60, "loss": 0.0})
    shown = sys.stderr.getvalue()
    assert "reading:  50%" in shown
    assert "epoch 1/2, alpha 0.0125, loss 12.5" in shown
    assert "epoch 2/2, alpha 0.0125]" in shown
    assert "training: 100%" in shown


def test_nobody_watching_means_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for progress in (None, False):
        with observing(progress) as report:
            assert report is None


def test_a_terminal_gets_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with observing(None) as report:
        report(TRAIN)
    assert "training:  50%" in sys.stderr.getvalue()


def test_a_callable_is_called_as_it_is():
    reports = []
    with observing(reports.append) as report:
        report(SCAN)
    assert reports == [SCAN]
    with pytest.raises(ZeroDivisionError), observing(lambda report: 1 / 0) as report:
        report(SCAN)
