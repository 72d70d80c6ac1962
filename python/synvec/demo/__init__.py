"""``python -m synvec.demo``: vectors in a few seconds, from text that comes with Python."""
