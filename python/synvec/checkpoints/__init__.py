"""Checkpoints: training that goes on after anything that interrupts it.

`intervals` says where and how often, `session` what is kept while a model trains, `corpora` how its
text is found again, and `resuming` goes on. The files themselves are the core's.
"""
