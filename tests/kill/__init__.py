"""Real processes are really killed: `sfsync run charge_card` dies by SIGKILL at each of its requests.

A mock org is served over HTTP. It holds the request that is the moment at its door, kills the process that sent it,
and then drops the request, or acts on it and drops the answer. A second process must bring the org to where an
undisturbed run brings it, and a third must write nothing.

    python -m tests.kill                      every request of a run over 200 leads, before and after
    python -m tests.kill --bulk-from 50       the same with Bulk API 2.0
"""
