"""Deterministic simulation: a flow, its journal, files, mail and the mock org in one process on one seeded clock.

A schedule is made from one number. It decides at which boundaries (an HTTP request, a journal commit, a file's
rename, a mail) the process dies or something fails; then cron calls again until all is calm. In the end the org
must be that of an undisturbed run, nothing may be there twice, nothing may be lost.

    python -m tests.simulation --schedules 10000      all scenarios, a table of faults and outcomes
    python -m tests.simulation --seed 4711 -v         one schedule, step by step
"""
