"""Train the dictionary that group blobs are compressed with.

    python -m benchmarks.train_dictionary src/icustomer/store/data/group-v1.zdict

The same versions of zstd and of the event generator make the same bytes of it again. A
dictionary that state was written with must stay for as long as that state: a better one is a
new file and a new codec version.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
import zstandard

from benchmarks.synthetic_groups import synthetic_groups

SEED = 20_250_101
EVENTS = 60_000
"""Some 9,000 groups, 10 MB: a hundred times the dictionary and more, as zstd advises."""
DICTIONARY_BYTES = 32 * 1024
SEGMENT_BYTES, WINDOW_BYTES = 1024, 8
"""Given, not searched for: the search takes minutes and gains less than a percent."""


def train() -> bytes:
    """The dictionary."""
    encode = msgspec.msgpack.Encoder().encode
    samples = [encode(group) for group in synthetic_groups(SEED, EVENTS)]
    return zstandard.train_dictionary(
        DICTIONARY_BYTES, samples, k=SEGMENT_BYTES, d=WINDOW_BYTES, level=1
    ).as_bytes()


def main() -> None:
    """Write the dictionary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="file to write")
    path = parser.parse_args().path
    dictionary = train()
    path.write_bytes(dictionary)
    sys.stdout.write(f"{path}: {len(dictionary)} bytes\n")


if __name__ == "__main__":
    main()
