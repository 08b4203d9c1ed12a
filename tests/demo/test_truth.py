"""The truth about the made-up forms is the judgement of the project's own intake: mapping, tests, repeats."""

from pathlib import Path

import pytest

from partner_files.web_forms import IntakeSettings, Submissions
from sfsync.demo.forms import Fate, submissions, write_forms
from sfsync.engine.files import read_file
from sfsync.project import Content, find_root

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_intake_judges_every_form_as_the_truth_says(seed: int, tmp_path: Path):
    content = Content(find_root(str(ROOT), {}, ROOT))
    forms = submissions(seed, 1000)
    path = tmp_path / "forms.jsonl"
    write_forms(path, forms)
    rows = read_file(path, content.mapping("web_forms")).rows
    settings = content.settings("charge_card", IntakeSettings, section="intake")
    repeats = Submissions(rows, {}, ()).repeats(settings.window)
    refused = {str(row.key) for row in rows if row.problem}
    wrong = []
    for form in forms:
        judged = Fate.REFUSED if form.id in refused else Fate.DUPLICATE if form.id in repeats else Fate.ORDER
        first = repeats[form.id].first if form.id in repeats else ""
        if form.truth.fate is not Fate.OPEN and (judged, first) != (form.truth.fate, form.truth.of):
            wrong.append((form.id, form.truth, judged, first))
    assert wrong == []
    assert len(rows) == len(forms)
