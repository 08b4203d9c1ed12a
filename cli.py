"""Runs sfsync from a checkout: ``python cli.py run charge_card``. The commands live in ``sfsync/cli/``."""

from sfsync.cli import main

if __name__ == "__main__":
    main()
