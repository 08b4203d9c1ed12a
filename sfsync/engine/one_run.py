"""A run from its lease to its last line in the journal, whatever it does in between and however it ends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sfsync import logs
from sfsync.engine.flow import Look
from sfsync.engine.plan import Meter
from sfsync.engine.running import Ports, Running
from sfsync.errors import GuardRefused, SfsyncError


@contextmanager
def one_run(
    ports: Ports, command: str, name: str, *, lease: str, arguments: Mapping[str, str]
) -> Iterator[Running]:
    """A run of ``name``, while it holds ``lease``. Raises LeaseHeld when another run has it."""
    started, meter = ports.clock.monotonic(), meter_of(ports)
    journal = ports.open_journal()
    with journal.lease(lease, holder=ports.holder, ttl_seconds=ports.lease_seconds) as held:
        run_id = journal.start_run(command, name, org=ports.org.url, arguments=arguments)
        look = Look(ports.org, ports.clock, ports.day)
        running = Running(ports, journal, run_id, command, name, look, held, meter, started)
        logged = logs.RUN.set(run_id)
        try:
            with _closing(running):
                yield running
        finally:
            logs.RUN.reset(logged)


@contextmanager
def _closing(running: Running) -> Iterator[None]:
    """Write the run's last line into the journal however it ends; an error carries what was done before it."""
    status, exit_code = "failed", 4
    try:
        yield
        status = running.status
        exit_code = running.ended().exit_code
    except SfsyncError as error:
        status, exit_code = "refused" if isinstance(error, GuardRefused) else "failed", error.exit_code
        running.say(str(error))
        error.run = running.ended(status).to_json()
        raise
    finally:
        end = running.ended(status)
        for record in running.outgoing:
            running.journal.record_file(running.run_id, record)
        running.journal.finish_run(
            running.run_id,
            end.status,
            exit_code=exit_code,
            api_calls=end.api_calls,
            api_remaining=end.api_remaining,
            seconds=end.seconds,
            messages=end.messages,
        )


def meter_of(ports: Ports) -> Meter:
    """What the org is asked from now on."""
    before = ports.org.usage.calls
    return Meter(lambda: ports.org.usage.calls - before, lambda: ports.org.usage.remaining)
