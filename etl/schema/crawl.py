"""The tables that describe a crawl: files, pages, annotations, duplicates."""

from etl.schema.table import Column, Table

CRAWL = Column("crawl", "STRING", "Name of the crawl, such as CC-MAIN-2025-05", is_nullable=False)
BATCH = Column(
    "batch",
    "STRING",
    "Batch of WARC files that this row was ingested with (16 hex digits)",
    is_nullable=False,
)
PAGE_ID = Column(
    "page_id",
    "STRING",
    "128-bit hash (32 hex digits) of crawl, WARC file and offset: the same on every machine",
    is_nullable=False,
)
TEXT_DIGEST = Column(
    "text_digest",
    "STRING",
    "128-bit hash of the text after NFKC, lower-casing and collapsing of white space",
)

FILES = Table(
    "files",
    "A WARC file that we were asked to take in: the ledger of ingest",
    (
        CRAWL,
        Column(
            "warc_file",
            "STRING",
            "Path of the file below the root of its crawl; unique in it",
            is_nullable=False,
        ),
        BATCH,
        Column("uri", "STRING", "Where the file was read from", is_nullable=False),
        Column(
            "status",
            "STRING",
            "claimed: somebody is to read it; published: its pages can be read; failed: could not be opened",
            is_nullable=False,
        ),
        Column("size_bytes", "BIGINT", "Size of the file as stored, in bytes"),
        Column("container", "STRING", "How the records are packed, told by content: gzip, plain, zstd, …"),
        Column("n_records", "MAP<STRING, BIGINT>", "Records by WARC type"),
        Column(
            "n_bytes",
            "MAP<STRING, BIGINT>",
            "Stored bytes by WARC type and of gaps; they add up to size_bytes",
        ),
        Column(
            "gaps",
            "ARRAY<STRUCT<offset: BIGINT COMMENT 'First byte', length: BIGINT COMMENT 'Bytes',"
            " reason: STRING COMMENT 'Why these bytes are no record'>>",
            "Bytes of the file that are no record (the first thousand gaps; the rest as one)",
        ),
        Column("n_faults", "MAP<STRING, BIGINT>", "Records that could not be read whole, by fault"),
        Column("n_repairs", "MAP<STRING, BIGINT>", "Records that were read in spite of something, by what it was"),
        Column("n_pages", "BIGINT", "Rows of the file in pages"),
        Column("n_documents", "BIGINT", "Pages of the file that have a text"),
        Column("fault", "STRING", "Why the file as a whole could not be read, else null"),
        Column("content_digest", "STRING", "Digest of page ids, text digests and faults, whatever their order"),
        Column("reader", "STRING", "Version of the WARC reader"),
        Column("extractor", "STRING", "Extractor of the main text and its version"),
        Column("claimed_by", "STRING", "Run that claimed the file", is_nullable=False),
        Column("claimed_at", "TIMESTAMP", "When it was claimed (UTC)", is_nullable=False),
        Column("published_by", "STRING", "Run that published the file"),
        Column("published_at", "TIMESTAMP", "When it was published (UTC)"),
    ),
    partition_by=("crawl", "batch"),
    checks={
        "known_status": "status IN ('claimed', 'published', 'failed')",
        "sizes": "size_bytes >= 0 AND n_documents <= n_pages",
    },
    # A claim reads what others claimed before it writes: two of them must not both succeed.
    properties={"delta.isolationLevel": "Serializable"},
)

PAGES = Table(
    "pages",
    "A page-bearing WARC record (response, resource, conversion, revisit): a text, or the fault that kept it from one",
    (
        PAGE_ID,
        CRAWL,
        BATCH,
        Column("warc_file", "STRING", "WARC file, below the root of its crawl", is_nullable=False),
        Column("warc_offset", "BIGINT", "First byte of the record in the file", is_nullable=False),
        Column("warc_length", "BIGINT", "Bytes of the record as stored in the file", is_nullable=False),
        Column("record_type", "STRING", "WARC type: response, resource, conversion or revisit", is_nullable=False),
        Column("record_id", "STRING", "WARC-Record-ID"),
        Column("url", "STRING", "URL as found in the record"),
        Column("canonical_url", "STRING", "The URL with case, escapes, query order and fragment normalised"),
        Column("host", "STRING", "Host of the URL, lower case"),
        Column("registered_domain", "STRING", "Domain registered by its owner, by the Public Suffix List"),
        Column("fetched_at", "TIMESTAMP", "When the crawler fetched the page (WARC-Date, UTC)"),
        Column("http_status", "INT", "Status of the HTTP response"),
        Column("content_type", "STRING", "Content-Type as the server sent it"),
        Column("media_type", "STRING", "Media type in lower case, without parameters"),
        Column("charset", "STRING", "Character encoding that the text was decoded with"),
        Column("charset_source", "STRING", "What told the encoding: bom, http, meta, detected or default"),
        Column("charset_http", "STRING", "Encoding that the HTTP header names; null: none, or an unknown one"),
        Column("charset_meta", "STRING", "Encoding that the page itself names in its first 4 KB"),
        Column("charset_detected", "STRING", "Encoding that the bytes look like; null where nobody had to look"),
        Column(
            "repairs",
            "ARRAY<STRING>",
            "What was set right or worked around on the way to the text: udfs/fault.py explains each code",
        ),
        Column("payload_bytes", "BIGINT", "Bytes of the HTTP body after its codings were undone"),
        Column(
            "payload_digest",
            "STRING",
            "Digest of the payload, as the record or we computed it (sha1, base32)",
        ),
        Column("title", "STRING", "Title of the page"),
        TEXT_DIGEST,
        Column("n_chars", "BIGINT", "Characters of the text"),
        Column("fault", "STRING", "Why the page has no text; null if it has one"),
        Column("fault_detail", "STRING", "More about the fault, escaped, at most 300 characters"),
        Column(
            "is_fault_expected",
            "BOOLEAN",
            "true: as on the web (a redirect, a PDF); false: something is broken",
        ),
        Column("text", "STRING", "Main text of the page"),
    ),
    partition_by=("crawl", "batch"),
    checks={
        "id_is_hash": "length(page_id) = 32",
        "text_or_fault": "(text IS NULL) <> (fault IS NULL)",
        "place": "warc_offset >= 0 AND warc_length >= 0",
    },
)

_CLASS = (
    "STRUCT<label: STRING COMMENT 'Most probable class', id: INT COMMENT 'Its id in the taxonomy, 0 to 23',"
    " score: DOUBLE COMMENT 'Its probability', second_label: STRING COMMENT 'Second most probable class',"
    " second_score: DOUBLE COMMENT 'Its probability'>"
)

ANNOTATIONS = Table(
    "annotations",
    "What the annotators say about a document: one column for each of them, no text",
    (
        PAGE_ID,
        CRAWL,
        BATCH,
        TEXT_DIGEST,
        Column("annotators", "MAP<STRING, STRING>", "Annotator -> version that spoke", is_nullable=False),
        Column(
            "language",
            "STRUCT<label: STRING COMMENT 'ISO 639 code', score: DOUBLE COMMENT 'Its probability'>",
            "Language by fastText lid.176",
        ),
        Column("n_tokens", "BIGINT", "Tokens of the text, by the tokenizer named in annotators"),
        Column(
            "text_measures",
            "STRUCT<n_words: BIGINT COMMENT 'Words between white space', n_lines: BIGINT COMMENT 'Lines not blank',"
            " n_paragraphs: BIGINT COMMENT 'Stretches between blank lines',"
            " n_sentences: BIGINT COMMENT 'Signs that end a sentence',"
            " mean_word_length: DOUBLE COMMENT 'Characters per word',"
            " alpha_ratio: DOUBLE COMMENT 'Letters per character',"
            " digit_ratio: DOUBLE COMMENT 'Digits per character',"
            " punctuation_ratio: DOUBLE COMMENT 'Punctuation and symbols per character',"
            " upper_ratio: DOUBLE COMMENT 'Upper-case letters per letter',"
            " unique_word_ratio: DOUBLE COMMENT 'Distinct words per word'>",
            "Numbers computed from the text alone",
        ),
        Column("topic", _CLASS, "What the page is about (WebOrganizer's 24 topics)"),
        Column("format", _CLASS, "What kind of page it is (WebOrganizer's 24 formats)"),
        Column("quality", "STRUCT<score: DOUBLE COMMENT 'From 0 to 1, larger is better'>", "Quality of the text"),
    ),
    partition_by=("crawl", "batch"),
    checks={
        "topic_id": "topic.id BETWEEN 0 AND 23",
        "format_id": "format.id BETWEEN 0 AND 23",
        "quality_score": "quality.score BETWEEN 0 AND 1",
        "token_count": "n_tokens >= 0",
    },
)

DUPLICATES = Table(
    "duplicates",
    "A document's membership of a cluster of same texts in its crawl; a text that occurs once is a cluster of one",
    (
        PAGE_ID,
        CRAWL,
        Column("cluster_id", "STRING", "Text digest that the members share", is_nullable=False),
        Column("cluster_size", "BIGINT", "Documents in the cluster", is_nullable=False),
        Column(
            "rank",
            "INT",
            "Place in the cluster, from 1: by fetch time, then length of the URL, then page_id",
            is_nullable=False,
        ),
        Column(
            "method",
            "STRING",
            "How sameness was decided, and by which version of the rule",
            is_nullable=False,
        ),
    ),
    partition_by=("crawl",),
    checks={"rank_in_cluster": "rank BETWEEN 1 AND cluster_size"},
)
