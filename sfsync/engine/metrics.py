"""What an operation leaves behind for Prometheus: a text file for node_exporter's textfile collector.

One file for each command and flow, replaced at every end, so that two flows that end together do not meet. It is
written beside its place and then moved there: the collector never reads half of one. Sources: "Exposition formats"
(Prometheus), "Textfile Collector" (node_exporter).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sfsync.records import Bucket

_SUCCESS = "sfsync_run_last_success_timestamp_seconds"
FAMILIES = {
    "sfsync_run_last_start_timestamp_seconds": "When the last run began, in seconds since 1970.",
    _SUCCESS: "When the last run ended that was done with all rows (exit code 0 or 1), in seconds since 1970.",
    "sfsync_run_duration_seconds": "How long the last run took.",
    "sfsync_run_exit_code": "Exit code of the last run.",
    "sfsync_run_rows": "Rows of the last run by step and bucket.",
    "sfsync_run_api_calls_used": "API calls that the last run made.",
    "sfsync_run_api_calls_remaining": "API calls that the org had left for the day when the last run ended.",
}
"""Metric → help. All are gauges: they tell how the last run was, they do not count."""

_GOOD = (0, 1)
_WAS_GOOD = re.compile(rf"^{_SUCCESS}{{.*}} (\d+(?:\.\d+)?)$", re.MULTILINE)

Sample = tuple[str, Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Ended:
    """One end of run, import or export: what it was, when it began (seconds since 1970), how it ended.

    ``result`` has the keys of ``--json``; it may be empty where nothing was begun.
    """

    labels: Mapping[str, str]
    started: float
    seconds: float
    exit_code: int
    result: Mapping[str, Any] = field(default_factory=dict)


def record(folder: Path, ended: Ended) -> Path:
    """Replace the file of this command and flow in the collector's folder; raises OSError where that fails."""
    name = "-".join(["sfsync", *filter(None, ended.labels.values())])
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.prom"
    try:
        before = _WAS_GOOD.search(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        before = None
    _replace(path, render(ended, last_success=float(before[1]) if before else None))
    return path


def render(ended: Ended, *, last_success: float | None = None) -> str:
    """The text of the file; ``last_success`` is kept where this run was none. Pure."""
    parts = []
    samples = list(_samples(ended, last_success))
    for name, about in FAMILIES.items():
        own = [_line(*sample) for sample in samples if sample[0] == name]
        if own:
            parts += [f"# HELP {name} {about}", f"# TYPE {name} gauge", *own]
    return "".join(f"{part}\n" for part in parts)


def _samples(ended: Ended, last_success: float | None) -> Iterator[Sample]:
    labels, result = ended.labels, ended.result
    yield "sfsync_run_last_start_timestamp_seconds", labels, ended.started
    yield "sfsync_run_duration_seconds", labels, ended.seconds
    yield "sfsync_run_exit_code", labels, ended.exit_code
    success = ended.started + ended.seconds if ended.exit_code in _GOOD else last_success
    if success is not None:
        yield _SUCCESS, labels, success
    for name in ("api_calls", "api_remaining"):
        if result.get(name) is not None:
            metric = "sfsync_run_api_calls_" + {"api_calls": "used"}.get(name, "remaining")
            yield metric, labels, result[name]
    for step in result.get("steps", ()):
        for bucket in Bucket:
            yield (
                "sfsync_run_rows",
                {**labels, "step": step["name"], "bucket": bucket.value},
                step[bucket.value],
            )


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {round(value, 3):.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _replace(path: Path, text: str) -> None:
    # The collector reads *.prom: what is being written must not be called that.
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
    ) as file:
        made = Path(file.name)
        file.write(text)
    try:
        made.chmod(0o644)  # the collector is another user
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
