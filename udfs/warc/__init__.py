"""A stream of bytes -> the records and gaps of a web archive, every byte in exactly one of them."""

from udfs.warc.reader import container_of, read_records, record_at
from udfs.warc.record import Caps, Gap, Record

__all__ = ["Caps", "Gap", "Record", "container_of", "read_records", "record_at"]
