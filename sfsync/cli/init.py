"""`sfsync init DIR`: a project of one's own: flows, partner files, mappings and settings, copied out for editing."""

import shutil
from pathlib import Path

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError

CONTENT = ("config", "mappings", "exports", "flows", "partner_files")
OPTIONAL = ("transforms",)
"""Folders that a project need not have."""
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
_IGNORED_BY_GIT = "__pycache__/\nstate/\n*.sqlite*\n.env\n"


@click.command(name="init")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@common_options
def command(options: Options, folder: Path) -> None:
    """Copy the project that came with sfsync into the new or empty folder DIR.

    With --project another project is copied.
    """
    from sfsync.project import find_root

    source = find_root(options.project, {}, Path.cwd()) if options.project else shipped()
    files = copy_project(source, folder)
    options.result({"project": str(folder.resolve()), "files": files})
    options.say(f"Copied {len(files)} files to {folder}.\n")
    options.say(NEXT.format(folder=folder))


NEXT = """\
What to do next:
  cd {folder}
  config/sfsync.yaml        name your orgs; secrets stay outside, by reference
  config/charge_card.yaml   products, price books, partners
  mappings/                 the partners' headings and your fields; `sfsync mapping check` after every change
  exports/                  files of records that `sfsync export NAME` writes
  sfsync org deploy         adds the fields of config/org/ to the org
  sfsync doctor             checks everything that a run needs
  sfsync plan charge_card   shows what a run would do; writes nothing"""


def shipped() -> Path:
    """The project that came with sfsync: inside the package of a wheel, or the checkout around it."""
    package = Path(__file__).resolve().parents[1]
    for root in (package / "_project", package.parent):
        if (root / "config" / "sfsync.yaml").is_file():
            return root
    raise ConfigError(
        "This installation of sfsync came without a project.",
        hint="Install it again from a wheel, or name a project to copy with --project.",
    )


def copy_project(source: Path, target: Path) -> list[str]:
    """Copy the content of ``source`` to ``target``; the files' paths within it, sorted.

    Raises ConfigError when ``target`` holds anything at all, or cannot be written.
    """
    if target.exists() and any(target.iterdir()):
        raise ConfigError(
            f"{target} is not empty; a new project needs a folder of its own.", hint="Name another folder."
        )
    if any(target.resolve().is_relative_to(source / name) for name in CONTENT):
        raise ConfigError(f"{target} lies inside the project that is copied.", hint="Name another folder.")
    try:
        for name in (*CONTENT, *(name for name in OPTIONAL if (source / name).is_dir())):
            shutil.copytree(source / name, target / name, ignore=_LEFT_OUT)
        (target / ".gitignore").write_text(_IGNORED_BY_GIT, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}.") from error
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
