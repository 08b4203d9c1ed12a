"""One target under atheris, in a process of its own: `python -m tests.fuzz.guided TARGET CORPUS SECONDS KEEP`."""

import sys

from tests.fuzz.mutate import LONGEST

MEMORY = 3000
"""Megabytes that a target may take."""
SLOWEST = 20
"""Seconds that one input may take."""


def main() -> None:
    import atheris

    name, corpus, seconds, keep = sys.argv[1:]
    with atheris.instrument_imports(include=["sfsync"], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS

        for seed in TARGETS[name].seeds:  # what is imported when it is needed is instrumented as well
            TARGETS[name].run(seed)
    options = [
        f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEMORY}", f"-timeout={SLOWEST}",
        f"-artifact_prefix={keep}/{name}-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, corpus], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
