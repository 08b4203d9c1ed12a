"""Benchmarks: `python -m tests.bench`, or `make bench`. docs/benchmarks.md says what each row means."""
