"""`sfsync demo`: the whole charge-card process on this machine, against the mock org."""

from pathlib import Path

import click

from sfsync.cli.common import Options, common_options


@click.command(name="demo")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=Path("sfsync-demo"), show_default=True
)
@click.option("--forms", default=1000, show_default=True, help="Number of web forms.")
@click.option("--seed", default=1, show_default=True, help="Another seed makes other people.")
@common_options
def command(options: Options, folder: Path, forms: int, seed: int) -> int:
    """See it work: a mock org, web forms as people fill them in, both partners' files, one tally.

    Everything it makes is in --dir: look at the workbooks, the answers to the partners, the mails.
    """
    from sfsync.demo.run import run_demo

    story = run_demo(folder, forms=forms, seed=seed, project=options.project, say=options.say)
    options.result(story)
    return 0 if story["complete"] else 1
