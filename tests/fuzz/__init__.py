"""Bytes that nobody meant, into everything that reads files and answers from outside.

    make fuzz                             every target for a minute, guided by coverage (atheris; Linux)
    python -m tests.fuzz --target yaml    one of them
    python -m tests.fuzz --repeat FILE    once more what a crash file holds, with its traceback

A target takes bytes and returns; a sentence for people (SfsyncError) is a good end, anything else is a bug. The suite
runs the same targets over mutants of small good inputs, and over every input that ever found a bug.
"""
