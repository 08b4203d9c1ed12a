"""Salesforce integration that is safe to run twice."""

__version__ = "0.1.0"
