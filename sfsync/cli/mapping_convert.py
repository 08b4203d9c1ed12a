"""`sfsync mapping convert`: mappings of Data Loader, SFDMU and CumulusCI as mapping files of ours."""

from pathlib import Path
from typing import Any

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, Problem


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the mapping files; files that are there are never replaced.")  # fmt: skip
@click.option(
    "--object", "target", metavar="NAME", help="API name of the object (Data Loader's files lack it)."
)
@click.option("--key", metavar="FIELD", help="External-id field to upsert on (Data Loader's files lack it).")
@click.option("--describe", type=click.Path(path_type=Path), help="Take types from a describe saved as JSON.")
@common_options
def convert(
    options: Options, file: Path, output: Path, target: str | None, key: str | None, describe: Path | None
) -> None:
    """Turn FILE of another program into mappings: Data Loader's .sdl, SFDMU's export.json, CumulusCI's mapping.yml.

    What cannot be taken over is told, and written at the top of the new file. With --org or --describe the fields
    get their types.
    """
    from sfsync.cli.describes import describer
    from sfsync.mapping.convert.write import convert as converted
    from sfsync.mapping.convert.write import write

    made, left = converted(file, target=target, key=key, describe=describer(options, describe))
    if not made:
        raise ConfigError(f"{file.name} gives no mapping.", problems=left)
    paths = write(made, output)
    for path, one in zip(paths, made, strict=True):
        options.say(f"{path}: {one.object}{_told(len(one.notes))}")
        for note in one.notes:
            options.say(f"  line {note.line}: {note.message} {note.suggestion}".rstrip())
    for note in left:
        options.say(f"{note.message} {note.suggestion}".rstrip())
    if describe is None and options.org is None:
        options.say("No types are known: add them, or convert with --org or --describe.")
    options.say(
        "`sfsync mapping check` looks at the mappings; `sfsync mapping preview` shows what they make of a file."
    )
    options.result(
        {
            "mappings": [
                {"file": str(path), "object": one.object, "notes": [_note(note) for note in one.notes]}
                for path, one in zip(paths, made, strict=True)
            ],
            "notes": [_note(note) for note in left],
        }
    )


def _told(notes: int) -> str:
    return "" if not notes else f", {notes} {'thing' if notes == 1 else 'things'} to look at"


def _note(note: Problem) -> dict[str, Any]:
    return {"line": note.line, "message": note.message, "suggestion": note.suggestion}
