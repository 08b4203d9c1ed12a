from sfsync.tabular.recognise import certain, recognise

CANDIDATES = {
    "allocation": {"key": ["Order number", "Bestelnummer"], "card": ["Card number"], "note": ["Remarks"]},
    "activation": {"key": ["Order number"], "result": ["Result", "Resultaat"]},
}
OPTIONAL = {"allocation": {"note"}}


def test_the_one_whose_columns_are_all_there():
    matches = recognise(["  BESTELNUMMER", "Card\nnumber", "Phone"], CANDIDATES, OPTIONAL)
    assert [match.name for match in matches] == ["allocation", "activation"]
    best = certain(matches)
    assert best is matches[0]
    assert best.matched == {"key": "  BESTELNUMMER", "card": "Card\nnumber"}
    assert best.unknown == ("Phone",)
    assert matches[1].missing == ("key", "result")


def test_the_better_of_two_that_fit():
    matches = recognise(["Order number", "Card number", "Remarks", "Result"], CANDIDATES, OPTIONAL)
    assert all(match.fits for match in matches)
    assert [match.name for match in matches] == ["allocation", "activation"]
    assert certain(matches) is matches[0]


def test_no_certainty_between_equals_or_without_a_fit():
    assert certain(recognise(["Order number"], CANDIDATES)) is None
    twins = {"one": {"key": ["a"]}, "two": {"key": ["a"]}}
    assert certain(recognise(["a"], twins)) is None
    assert certain(recognise(["b"], {"one": {}})) is None
