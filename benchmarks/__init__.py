"""Side by side with the peers: speed only beside quality, and always alternating.

``python -m benchmarks.train --help`` trains, ``benchmarks.open`` opens a large file,
``benchmarks.imports`` measures what an import costs. Programs run in processes of their own
(``run_*.py``); those of the peers run in the peers' own environment, so every module that they
import needs nothing but the standard library and NumPy.
"""
