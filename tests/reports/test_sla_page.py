"""The page of the SLA report: complete by itself, and shown by a real browser without a complaint."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sfsync.reports.sla import SlaReport, sla_report
from sfsync.reports.sla_page import page
from tests.reports.sla_samples import NOW, SETTINGS, sample_leads

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "input", "rect", "line", "circle"}


@pytest.fixture(scope="module")
def report() -> SlaReport:
    leads = sample_leads(3_000, 60)
    leads.loc[leads["dealer"] == "D00001", "dealer_name"] = '<script>alert("x")</script>'
    return sla_report(leads, SETTINGS, NOW)


@pytest.fixture(scope="module")
def text(report: SlaReport) -> str:
    return page(report, title="After-sales", dealer=None)


class Tags(HTMLParser):
    """Checks that every tag is closed where it must be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_it_is_well_formed_and_needs_nothing_else(text: str):
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))
    assert "//" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"url\(|@import|fetch\(|https?:", text)
    assert "default-src 'none'" in text


def test_every_chart_says_what_it_shows(text: str):
    charts = re.findall(r"<svg[^>]*>", text)
    assert len(charts) > 10
    assert all('role="img"' in chart and 'aria-label="' in chart for chart in charts)


def test_names_are_text(text: str):
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in text


def test_figures_and_targets_stand_on_it(text: str, report: SlaReport):
    for sla in ("first_contact", "management", "fully_managed"):
        assert f"{report.figures[f'{sla}_met']:,} of {report.figures[f'{sla}_n']:,}" in text
    assert text.count("<tr data-name=") == len(report.dealers)
    assert "✗ below target" in text


def test_one_dealer_is_not_ranked():
    text = page(sla_report(sample_leads(50, 1), SETTINGS, NOW), title="After-sales", dealer="D00001")
    assert "Dealers compared" not in text
    assert "After-sales · dealer D00001" in text


def test_no_leads_at_all():
    text = page(sla_report(sample_leads(0, 1), SETTINGS, NOW), title="After-sales", dealer=None)
    assert text.count("no leads yet") == 3


SEARCH = """
<script>
document.getElementById("search").value = "D00007";
document.getElementById("search").dispatchEvent(new Event("input"));
document.getElementById("tab-management").click();
document.querySelector('th[data-column="2"] button').click();
document.title = [document.getElementById("found").textContent,
  document.getElementById("panel-first_contact").hidden, document.getElementById("panel-management").hidden,
  [...document.querySelectorAll("#dealers tbody tr")].map((row) => Number(row.cells[2].dataset.value))
    .every((value, place, all) => !place || all[place - 1] >= value)].join(" | ");
</script></body>
"""


@pytest.mark.skipif(BROWSER is None, reason="needs a browser: apt-get install chromium")
def test_a_real_browser_shows_it(text: str, tmp_path: Path):
    source, picture = tmp_path / "sla.html", tmp_path / "sla.png"
    source.write_text(text.replace("</body>", SEARCH), encoding="utf-8")
    done = _browse(tmp_path, "--dump-dom", str(source))
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found
    assert found[1] == "1 of 60 dealers | true | false | true"
    _browse(tmp_path, f"--screenshot={picture}", "--window-size=1200,1600", str(source))
    # An empty page of this size is a few kilobytes.
    assert picture.stat().st_size > 60_000


def _browse(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [
        str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
        "--disable-background-networking", "--enable-logging=stderr", f"--user-data-dir={folder / 'browser'}",
        "--virtual-time-budget=2000", *words,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
