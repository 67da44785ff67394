"""The reasons why a page has no text, and why bytes of a file are no record: stable codes, stored in tables."""

from enum import StrEnum


class Fault(StrEnum):
    """Why a page-bearing record became no document; `is_expected` tells the web's ways from breakage."""

    # The web's ways: nothing is wrong with the file.
    REDIRECT = "redirect"  # the server answered 3xx
    HTTP_ERROR = "http_error"  # the server answered neither 2xx nor 3xx
    REVISIT = "revisit"  # the same content was stored before (a revisit record, or 304)
    NOT_TEXT = "not_text"  # neither HTML nor plain text, by its media type or by its first bytes
    EMPTY_BODY = "empty_body"  # nothing follows the HTTP headers
    NO_MAIN_TEXT = "no_main_text"  # the extractor found no text on the page

    # Breakage: bytes were lost, or lie.
    DAMAGED_RECORD = "damaged_record"  # the record does not inflate, or its checksum is wrong
    TRUNCATED_RECORD = "truncated_record"  # the file ends before the record does
    BAD_WARC_HEADER = "bad_warc_header"  # the WARC header has no end
    HEADER_TOO_LARGE = "header_too_large"  # the WARC or HTTP header is over its cap
    RECORD_TOO_LARGE = "record_too_large"  # the record's block is over its cap
    RATIO_TOO_HIGH = "ratio_too_high"  # the record inflates to more than the capped multiple of its size
    BAD_HTTP = "bad_http"  # the block of an HTTP response is no HTTP response
    BAD_CODING = "bad_coding"  # gzip, deflate, br or zstd, as announced, but damaged
    BODY_TOO_LARGE = "body_too_large"  # the decoded body is over its cap
    EXTRACTOR_FAILED = "extractor_failed"  # a library stumbled over the record in a way nobody foresaw

    @property
    def is_expected(self) -> bool:
        """Whether this is how the web is, rather than damage."""
        return self in _EXPECTED


_EXPECTED = frozenset(
    {
        Fault.REDIRECT,
        Fault.HTTP_ERROR,
        Fault.REVISIT,
        Fault.NOT_TEXT,
        Fault.EMPTY_BODY,
        Fault.NO_MAIN_TEXT,
    }
)


class GapReason(StrEnum):
    """Why a range of a file's bytes is no record."""

    PADDING = "padding"  # zero bytes or blank lines
    JUNK = "junk"  # bytes between records that are no record
    DAMAGED = "damaged"  # a compressed member that breaks before its record's header ends
    TRUNCATED = "truncated"  # the file ends inside a record's header
    EMPTY_MEMBER = "empty_member"  # a compressed member with nothing in it
    SKIPPABLE_FRAME = "skippable_frame"  # zstd's own place for other data, such as a dictionary
    NOT_WARC = "not_warc"  # the whole file is no web archive
    REST = "rest"  # gaps beyond those listed one by one, summed up

    @property
    def is_expected(self) -> bool:
        """Whether whole files have such gaps too."""
        return self in (GapReason.PADDING, GapReason.EMPTY_MEMBER, GapReason.SKIPPABLE_FRAME)


class Repair(StrEnum):
    """What was set right, or worked around, in a record or page that is used all the same."""

    # By the WARC reader: where the record really ends is taken, not where its header says.
    LENGTH_MISSING = "length_missing"  # no Content-Length, or none that is a number
    LENGTH_TOO_LARGE = "length_too_large"  # the record ended before its Content-Length
    LENGTH_TOO_SMALL = "length_too_small"  # the record went on after its Content-Length

    # Of the HTTP body: headers are claims, not facts.
    FALSE_CODING = "false_coding"  # a Content-Encoding that the body does not have: taken as it is
    FALSE_CHUNKED = "false_chunked"  # said to be chunked, but is not: taken as it is
    CUT_BODY = "cut_body"  # a coded body that ends too early: what is there is used

    # Of the text.
    CHARSET_REPLACED = "charset_replaced"  # some bytes had no meaning and became U+FFFD
    NOT_PARSED = "not_parsed"  # too large, too deep or too crowded a page for a parser: all text outside tags
    PARSER_FAILED = "parser_failed"  # the HTML library raised an error: all text outside tags
    PARSER_OUT_OF_TIME = "parser_out_of_time"  # the parser used up its CPU time: all text outside tags
    PARSER_DIED = "parser_died"  # the page crashed the parser or took its memory: all text outside tags
