"""`sfsync runs`: what happened, from the journal: the list of runs, one run, the story of one key."""

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options, common_options

if TYPE_CHECKING:
    from sfsync.journal.journal import Journal


@click.group(help="What happened: runs, their rows, the story of one key.")
@click.option("--journal", metavar="URL", help="A journal other than the project's, such as sqlite:///FILE.")
@click.pass_context
def command(context: click.Context, journal: str | None) -> None:
    context.obj = journal


@command.command(name="list", help="The newest runs, newest first.")
@click.option("--flow", metavar="FLOW", help="Only the runs of this flow and its steps.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@common_options
@click.pass_obj
def list_(url: str | None, options: Options, flow: str | None, limit: int) -> None:
    from sfsync.cli import runs_view as view

    with closing(_open(url, options)) as journal:
        runs = journal.runs(limit, flow)
    options.result({"runs": [view.run_json(run) for run in runs]})
    if runs:
        options.say(view.runs_table(runs))
    else:
        options.say(f"No runs of {flow}; `sfsync runs list` shows all." if flow else "No runs yet.")


@command.command(
    help='One run: its steps, files, jobs and reasons. RUN is an id or its beginning; or "last".'
)
@click.argument("run", default="last")
@click.option("--rows", "with_rows", is_flag=True, help="Every row that was not applied or unchanged, too.")
@common_options
@click.pass_obj
def show(url: str | None, options: Options, run: str, with_rows: bool) -> None:
    from sfsync.cli import runs_view as view

    with closing(_open(url, options)) as journal:
        found = journal.run(run)
        rows = list(journal.rows(found.run.id, buckets=view.LEFT_OVER)) if with_rows else []
    body = view.run_json(found.run) | view.details_json(found)
    options.result(body | {"rows": [view.row_json(row) for row in rows]} if with_rows else body)
    options.say(view.run_text(found))
    if rows:
        options.say(view.rows_table(rows))


@command.command(help="The story of a business KEY, a record or job ID, a file, or FILE:ROW, over all runs.")
@click.argument("what", metavar="KEY|ID|FILE:ROW")
@common_options
@click.pass_obj
def explain(url: str | None, options: Options, what: str) -> None:
    from sfsync.cli import runs_view as view

    with closing(_open(url, options)) as journal:
        story = journal.explain(what)
    options.result(view.story_json(story))
    options.say(view.story_text(story))


@command.command(
    help="Let go of runs that started before a day (UTC), with their rows and files. The org is not touched."
)
@click.option(
    "--before", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Such as 2025-01-31."
)
@common_options
@click.pass_obj
def forget(url: str | None, options: Options, before: datetime) -> None:
    with closing(_open(url, options)) as journal:
        gone = journal.forget(before.replace(tzinfo=UTC))
    options.result({"runs": gone.runs, "rows": gone.rows, "kept": gone.kept})
    options.say(f"Runs let go of: {gone.runs:,}, with {gone.rows:,} rows.")
    if gone.kept:
        options.say(
            f"Older runs that stay: {gone.kept:,}. The next run of their flow settles their bulk jobs first."
        )


def _open(url: str | None, options: Options) -> "Journal":
    if url is not None:
        from sfsync.clock import SystemClock
        from sfsync.journal.journal import open_journal

        return open_journal(url, clock=SystemClock())
    from sfsync.project import open_project

    return open_project(options.project, org=options.org).journal
