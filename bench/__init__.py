"""Benchmarks: how much the monitor costs, measured on invented news. They judge nothing and fail on no figure.

``python -m bench [polling|many|replay|store|all]``; what each one measures and how to read it: ``docs/benchmarks.md``.
"""
