"""Records that no client of today would write."""

from __future__ import annotations

import struct
from typing import Any

from aiokafka.record.util import calc_crc32c


class Damaged:
    """A batch's builder that writes a header name no text can be."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._builder, name)

    def build(self) -> bytes:
        data = bytearray(self._builder.build().replace(b"name", b"a\xff\xfeb"))
        struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
        return bytes(data)
