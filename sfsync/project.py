"""The composition root: finds the project, reads its content, and builds everything a command needs.

A project is a folder with ``config/sfsync.yaml``, ``mappings/``, ``flows/`` and ``partner_files/``. It is the
first of --project, SFSYNC_PROJECT, the working folder if it holds one, and what was installed with sfsync.
Parent folders are never searched: flows are code that runs with production credentials.
"""

import hashlib
import importlib
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from sfsync.clock import Clock, SystemClock
from sfsync.engine.flow import Flow, PartnerFile
from sfsync.engine.running import Mailer, Ports, Watcher
from sfsync.errors import ConfigError
from sfsync.settings import ProjectSettings

if TYPE_CHECKING:
    from sfsync.engine.export_model import Export
    from sfsync.journal.journal import Journal
    from sfsync.languages.catalogue import Catalogue
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.mapping.transforms import Function
    from sfsync.reports.report import Report
    from sfsync.salesforce.org import Org
    from sfsync.transports.mail import MailOut
    from sfsync.transports.places import Places

M = TypeVar("M", bound=BaseModel)
MARK = Path("config/sfsync.yaml")


def find_root(project: str | None, env: Mapping[str, str], here: Path) -> Path:
    """The project folder; raises ConfigError when a folder that was named holds no project."""
    named = project or env.get("SFSYNC_PROJECT")
    if named:
        root = Path(named).expanduser().resolve()
        if not (root / MARK).is_file():
            raise ConfigError(
                f"{root} is not a project: it holds no {MARK}.", hint="`sfsync init DIR` makes a new one."
            )
        return root
    package = Path(__file__).resolve().parent
    for root in (here.resolve(), package / "_project", package.parent):
        if (root / MARK).is_file():
            return root
    raise ConfigError("No project was found here.", hint="`sfsync init DIR` makes a new one.")


@dataclass(frozen=True)
class Content:
    """What admins write: mappings, settings, flows, partner files."""

    root: Path

    def settings(self, name: str, model: type[M], *, section: str | None = None) -> M:
        """``config/<name>.yaml`` (or one section of it) as a model; ConfigError with every mistake."""
        from sfsync.mapping.validate import read_model

        path = self.root / "config" / f"{name}.yaml"
        return read_model(path, model, section=section)

    def mapping_path(self, name: str) -> Path:
        """The file of a mapping, by its name or as a path."""
        if name.endswith((".yaml", ".yml")):
            return Path(name)
        found = sorted((self.root / "mappings").rglob(f"{name}.yaml"))
        if len(found) == 1:
            return found[0]
        if found:
            places = " and ".join(str(path.relative_to(self.root)) for path in found)
            raise ConfigError(f"The mapping {name!r} is ambiguous: {places}.", hint="Give its path.")
        known = ", ".join(sorted(path.stem for path in (self.root / "mappings").rglob("*.yaml"))) or "none"
        raise ConfigError(f"There is no mapping called {name!r}.", hint=f"There are: {known}.")

    def mapping(self, name: str) -> "CompiledMapping":
        from sfsync.mapping.compile import compile_mapping
        from sfsync.mapping.load import load_mapping

        return compile_mapping(load_mapping(self.mapping_path(name)), lambda: self.functions)

    @cached_property
    def functions(self) -> "Mapping[str, Function]":
        """The project's own transforms: the public functions in ``transforms/*.py``, by name."""
        from sfsync.mapping.transforms import public_functions

        found: dict[str, Function] = {}
        for name in self._modules("transforms"):
            for word, function in public_functions(self._module("transforms", name)).items():
                if word in found:
                    raise ConfigError(f"Two files of {self.root / 'transforms'} have a function {word!r}.")
                found[word] = function
        return found

    def catalogue(self, language: str) -> "Catalogue":
        """The sentences of a language; those in the project's ``config/languages/`` win."""
        from sfsync.engine.language import load_catalogue

        return load_catalogue(language, self.root / "config" / "languages")

    @cached_property
    def flow_names(self) -> list[str]:
        return [name for name in self._modules("flows") if hasattr(self._module("flows", name), "flow")]

    @cached_property
    def partner_file_names(self) -> list[str]:
        names = self._modules("partner_files")
        return [name for name in names if hasattr(self._module("partner_files", name), "partner_file")]

    def flow(self, name: str) -> Flow:
        """The flow of a family; raises ConfigError when there is none."""
        if name not in self.flow_names:
            raise ConfigError(
                f"There is no flow called {name!r}.", hint=f"There are: {', '.join(self.flow_names)}."
            )
        flow = self._module("flows", name).flow(self)
        assert isinstance(flow, Flow)  # noqa: S101  what a flow file promises
        return flow

    @cached_property
    def reports(self) -> "dict[str, Report]":
        """The reports that modules in ``flows/`` make, by name."""
        modules = [self._module("flows", name) for name in self._modules("flows")]
        made = [module.report(self) for module in modules if hasattr(module, "report")]
        return {report.name: report for report in made}

    def report(self, name: str) -> "Report":
        """A report by name; raises ConfigError when there is none."""
        if name not in self.reports:
            raise ConfigError(
                f"There is no report called {name!r}.", hint=f"There are: {', '.join(sorted(self.reports))}."
            )
        return self.reports[name]

    def partner_file(self, name: str) -> PartnerFile:
        """A partner file by name; raises ConfigError when there is none."""
        if name not in self.partner_file_names:
            raise ConfigError(
                f"There is no partner file called {name!r}.",
                hint=f"There are: {', '.join(self.partner_file_names)}.",
            )
        found = self._module("partner_files", name).partner_file(self)
        assert isinstance(found, PartnerFile)  # noqa: S101  what a partner file promises
        return found

    @cached_property
    def export_names(self) -> list[str]:
        return sorted(path.stem for path in (self.root / "exports").glob("*.yaml"))

    def export(self, name: str) -> "Export":
        """An export's definition; raises ConfigError when there is none, or with every mistake in it."""
        from sfsync.engine.export_model import load_export

        if name not in self.export_names:
            made = [one for one in self.partner_file_names if self.partner_file(one).give is not None]
            known = ", ".join([*made, *self.export_names])
            raise ConfigError(f"There is nothing called {name!r} to export.", hint=f"There are: {known}.")
        return load_export(self.root / "exports" / f"{name}.yaml")

    def _modules(self, package: str) -> list[str]:
        folder = self.root / package
        return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))

    def _module(self, package: str, name: str) -> ModuleType:
        root = str(self.root)
        if root not in sys.path:
            sys.path.insert(0, root)
        home = Path(next(iter(importlib.import_module(package).__path__))).resolve()
        if home != self.root / package:
            raise ConfigError(
                f"Another package called {package!r} ({home}) hides the project's own.",
                hint="Run sfsync from another folder, or name the project with --project.",
            )
        return importlib.import_module(f"{package}.{name}")


class Project:
    """A project with the things that a run works with, each built when first asked for."""

    def __init__(self, root: Path, *, org: str | None, env: Mapping[str, str], clock: Clock) -> None:
        self.root = root
        self.content = Content(root)
        self.clock = clock
        self.env = env
        self.settings = self.content.settings("sfsync", ProjectSettings)
        self.org_name = org or self.settings.default_org

    @cached_property
    def state(self) -> Path:
        """The folder for journal, inbox, outbox and results; never the project's own, which may be read-only."""
        named = self.env.get("SFSYNC_STATE") or self.settings.state
        if named:
            folder = Path(named).expanduser()
            return folder if folder.is_absolute() else self.root / folder
        base = Path(self.env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        mark = hashlib.sha256(str(self.root).encode()).hexdigest()[:6]
        return base / "sfsync" / f"{self.root.name}-{mark}"

    @property
    def metrics(self) -> Path | None:
        """The folder for metrics; None where none are wanted."""
        named = self.settings.metrics
        return self.root / named.expanduser() if named else None

    @property
    def journal_url(self) -> str:
        return self.settings.journal or f"sqlite:///{self.state / 'journal.sqlite'}"

    @cached_property
    def journal(self) -> "Journal":
        from sfsync.journal.journal import open_journal

        return open_journal(self.journal_url, clock=self.clock)

    @cached_property
    def org(self) -> "Org":
        """The org; logs in when it is first asked for."""
        from sfsync.salesforce.org import Org
        from sfsync.salesforce.session import connect

        chosen = None
        if self.org_name and not (self.org_name == "env" and "env" not in self.settings.orgs):
            chosen = self.settings.orgs.get(self.org_name)
            if chosen is None:
                known = ", ".join(sorted(self.settings.orgs))
                hint = f"There are: {known}." if known else "None is named there: fill in `orgs:`."
                raise ConfigError(f"There is no org called {self.org_name!r} in {MARK}.", hint=hint)
        session = connect(chosen, self.env, self.clock, base=self.root)
        return Org(session, clock=self.clock, bulk_from=self.settings.bulk_from)

    @cached_property
    def mail(self) -> "MailOut | None":
        """The way out for mails; None where no server is configured."""
        from sfsync.salesforce.secrets import resolve
        from sfsync.transports.mail import MailOut

        found = self.settings.mail
        if found is None:
            return None
        password = resolve(found.password, self.env, self.root) if found.password else None
        return MailOut(
            host=found.host,
            port=found.port,
            security=found.security,
            sender=found.sender,
            username=found.username,
            password=password,
            timeout=found.timeout,
            ca_file=found.ca_file and self.root / found.ca_file.expanduser(),
        )

    @cached_property
    def places(self) -> "Places":
        """Where partners' files come from and go to. Raises ConfigError for a partner file that is not there."""
        from sfsync.mapping.suggest import did_you_mean
        from sfsync.salesforce.secrets import resolve
        from sfsync.transports.places import Places

        for name in self.settings.partners:
            known = [*self.content.partner_file_names, *self.content.export_names]
            if name not in known:
                hint = did_you_mean(name, known)
                raise ConfigError(f"`partners:` in {MARK}: nothing is called {name!r}.", hint=hint)
        return Places(
            state=self.state,
            clock=self.clock,
            org=lambda: self.org,
            partners=self.settings.partners,
            sftp=self.settings.sftp,
            imap=self.settings.imap,
            secret=lambda reference: resolve(reference, self.env, self.root),
            root=self.root,
        )

    def ports(self, watcher: Watcher, override: Iterable[str] = (), mail: "Mailer | None" = None) -> Ports:
        """What an operation works with; ``mail`` stands in for the configured server (the demo's mailbox)."""
        return Ports(
            org=self.org,
            open_journal=lambda: self.journal,
            clock=self.clock,
            zone=self.settings.timezone,
            state=self.state,
            places=self.places,
            mail=mail or self.mail,
            partner_file=cache(self.content.partner_file),
            mapping=cache(self.content.mapping),
            holder=self.holder,
            watcher=watcher,
            lease_seconds=self.settings.lease_minutes * 60,
            override=frozenset(override),
            catalogue=cache(self.content.catalogue),
        )

    @property
    def holder(self) -> str:
        """Who holds a lease: this machine and process."""
        return f"{socket.gethostname()}:{os.getpid()}"


def open_project(
    project: str | None = None,
    *,
    org: str | None = None,
    env: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Project:
    """Find and open the project; raises ConfigError for a missing project or mistakes in its settings."""
    env = os.environ if env is None else env
    root = find_root(project, env, Path.cwd())
    return Project(root, org=org, env=env, clock=clock or SystemClock())
