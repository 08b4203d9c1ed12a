"""Mutants of good inputs, a few hundred for each target and the same ones each time; and all that ever broke one."""

import random

import pytest

from tests.fuzz.mutate import LONGEST, mutant
from tests.fuzz.targets import TARGETS, crash_seeds

MUTANTS = {"yaml": 40, "soql": 150}
USUAL = 250


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_break_a_reader(name):
    target, dice = TARGETS[name], random.Random(name)
    for seed in target.seeds:
        target.run(seed)
    target.run(b"")
    for _ in range(MUTANTS.get(name, USUAL)):
        data = mutant(target.seeds, dice)
        try:
            target.run(data)
        except BaseException as error:
            error.add_note(f"input: {data!r}")
            raise


@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name, found in crash_seeds().items() for data in found]
)
def test_what_broke_once_does_not_break_again(name, data):
    TARGETS[name].run(data)


def test_the_seeds_are_understood():
    """A target that refuses everything would find nothing."""
    from sfsync.mapping.load import parse_mapping

    for data in TARGETS["yaml"].seeds[:-1]:
        assert parse_mapping(data.decode()).fields


def test_a_mutant_is_the_same_each_time_and_never_endless():
    seeds = TARGETS["csv"].seeds
    assert [mutant(seeds, random.Random(n)) for n in range(50)] == [
        mutant(seeds, random.Random(n)) for n in range(50)
    ]
    assert all(len(mutant([b"x" * LONGEST], random.Random(n))) <= LONGEST for n in range(200))
