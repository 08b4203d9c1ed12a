"""The command line. One file per command group; a group's file is imported only when it is called."""

from sfsync.cli.root import main

__all__ = ["main"]
