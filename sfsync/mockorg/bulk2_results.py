"""The three results of an ingest job, made from its upload and the results kept beside it, a block at a time.

They are not in the order of the upload: blocks come shuffled, and the rows inside a block as well. Source: "Get Job
Successful Record Results", "Get Job Failed Record Results", "Get Job Unprocessed Record Results".
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from sfsync.mockorg.bulk2_jobs import DELIMITERS, csv_of, csv_reply, job_of
from sfsync.mockorg.bulk_rows import padded
from sfsync.mockorg.csv_text import inner, lines_of, records, runs
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import BLOCK, Job2, RowResult, shuffled
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call

_SOME = 1_000


def kept(results: Iterable[RowResult]) -> bytes:
    """The results of rows as lines of the file of results."""
    lines = [
        f"-{_escaped(result.id)}\t{_escaped(result.error)}\n"
        if result.error
        else f"{'+' if result.created else '='}{result.id}\n"
        for result in results
    ]
    return "".join(lines).encode()


def _escaped(text: str) -> str:
    """A text without line ends and tabs: that of a failed row's Id may have any."""
    return text.encode("unicode_escape").decode()


def successful(call: Call) -> Reply:
    """GET …/successfulResults."""
    return _done(call, good=True)


def failed(call: Call) -> Reply:
    """GET …/failedResults."""
    return _done(call, good=False)


def unprocessed(call: Call) -> Reply:
    """GET …/unprocessedrecords."""
    job = job_of(call, "ingest")
    return csv_reply(call, _left(job, job.processed, header=call.state.quirks.empty_results))


def _done(call: Call, *, good: bool) -> Reply:
    """The rows done by now that went well, or did not; a job that still runs goes on meanwhile."""
    job = job_of(call, "ingest")
    processed = job.processed
    empty = processed == job.failed if good else not job.failed
    head = csv_of(job, [["sf__Id", "sf__Created" if good else "sf__Error", *job.header]])
    header = [head] if call.state.quirks.empty_results or not empty else []
    return csv_reply(call, chain(header, () if empty else _rows_done(job, processed, good=good)))


def _rows_done(job: Job2, processed: int, *, good: bool) -> Iterator[bytes]:
    if job.results is None or job.data is None:
        return
    delimiter, width = DELIMITERS[job.delimiter], len(job.header)
    between, end = f'"{delimiter}"', "\r\n" if job.line_ending == "CRLF" else "\n"

    def line(result: str, row: str | list[str]) -> str:
        told = (
            f"{result[1:]}{between}{'true' if result[0] == '+' else 'false'}"
            if good
            else _failure(result, between)
        )
        if isinstance(row, str):
            values = row.replace(delimiter, between) + between * (width - 1 - row.count(delimiter))
        else:
            values = inner(padded(row, width), between)
        return f'"{told}{between}{values}"{end}'

    blocks = (processed + BLOCK - 1) // BLOCK
    for block in shuffled(blocks, job.id):
        count = min(BLOCK, processed - block * BLOCK)
        results = _results(job.results, job.results_at[block], count)
        if all((result[0] == "-") is good for result in results):
            continue
        rows = list(islice(_upload(job.data, delimiter, job.blocks[block]), count))
        wanted = [
            number
            for number in shuffled(count, f"{job.id} {block} {good}")
            if (results[number][0] != "-") is good
        ]
        for start in range(0, len(wanted), _SOME):
            some = wanted[start : start + _SOME]
            yield "".join([line(results[number], rows[number]) for number in some]).encode()


def _results(file: Spool, place: int, count: int) -> list[str]:
    """The lines of some results, kept as ``kept`` says, without their ends."""
    return [line.decode().rstrip("\n") for line in islice(file.lines(place), count)]


def _failure(result: str, between: str) -> str:
    """Id and error of the line of a failed row."""
    return inner([text.encode().decode("unicode_escape") for text in result[1:].split("\t")], between)


def _upload(data: Spool, delimiter: str, place: int) -> Iterator[str | list[str]]:
    """The rows of the upload from a place on: plain lines as they are, others as records."""
    for _, run in runs(data, delimiter, place):
        if isinstance(run, list):
            yield run
        else:
            yield from lines_of(run)


def _left(job: Job2, processed: int, *, header: bool) -> Iterator[bytes]:
    if job.header and (header or processed < job.total):
        yield csv_of(job, [job.header])
    if processed >= job.total or job.data is None:
        return
    block, skipped = divmod(processed, BLOCK)
    rows = records(job.data, DELIMITERS[job.delimiter], job.blocks[block])
    rows = islice(rows, skipped, None)
    while some := [padded(row, len(job.header)) for row in islice(rows, _SOME)]:
        yield csv_of(job, some)
