"""Mutants of small good inputs, the same for the same seed: bytes turned, pieces doubled, left out, put in."""

import random
from collections.abc import Sequence

WORDS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\n", b"\r\n", b'"', b"'", b";", b",", b"\t", b"<", b">",
    b"&", b"&#0;", b"<!DOCTYPE a>", b"]]>", b"{", b"}", b"[", b"]", b":", b"*a", b"&a ", b"- ", b"? ", b"!!", b"#N/A",
    b"1e999", b"-1", b"9" * 40, b"\xc3\xa9", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\\", b"NaN",
    b"true", b"null", b"''", b'""', b"--", b"\x1e", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"=1+1", b"%s", b"../",
)  # fmt: skip
"""What readers give a meaning to."""

LONGEST = 20_000


def mutant(seeds: Sequence[bytes], dice: random.Random) -> bytes:
    """One of the seeds after one to eight changes."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.randint(1, 8)):
        at, size = dice.randint(0, len(data)), dice.choice((1, 1, 2, 4, 16, 64, 256))
        match dice.randrange(7):
            case 0 if data:
                data[at % len(data)] = dice.randrange(256)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * dice.choice((1, 2, 40))
            case 3:
                data[at:at] = dice.choice(WORDS)
            case 4:
                data[at : at + size] = dice.choice(WORDS)
            case 5:
                other = dice.choice(seeds)
                start = dice.randint(0, len(other))
                data[at:at] = other[start : start + size]
            case _:
                del data[at:]
        del data[LONGEST:]
    return bytes(data)
