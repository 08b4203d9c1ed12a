"""Looks for known vulnerabilities in what we depend on, and holds the pins against what is installed.

    make audit        part of `make check`

A known vulnerability, a broken requirement or a pin that is not what is installed fails. Where the vulnerability
service cannot be reached, it says so and passes: an audit must not stop work on a train.
"""
