"""The tables that describe what was made of a crawl: mixtures, mixture_plans, runs."""

from etl.schema.crawl import CRAWL, PAGE_ID
from etl.schema.table import Column, Table

MIXTURE = Column("mixture", "STRING", "Name of the mixture", is_nullable=False)
VERSION = Column("version", "INT", "Version of the mixture, from 1; never changed once written", is_nullable=False)
STRATUM = Column("stratum", "STRING", "Cell that the page was sampled from", is_nullable=False)
IDENTITY = Column(
    "identity",
    "STRING",
    "sha256 of the spec, the inputs and the models: equal means the same rows",
    is_nullable=False,
)

# A takedown, which must delete, unsets this first: on purpose and in the table's history.
IMMUTABLE = {"delta.appendOnly": "true"}

MIXTURES = Table(
    "mixtures",
    "A page in a version of a mixture, with its text; a version exists once mixture_plans has it",
    (
        MIXTURE,
        VERSION,
        PAGE_ID,
        CRAWL,
        STRATUM,
        Column("copies", "INT", "How often the page is to be seen", is_nullable=False),
        Column(
            "n_tokens",
            "BIGINT",
            "Tokens of one copy: of the edited text if the spec asks for one; counted before personal data was masked",
            is_nullable=False,
        ),
        Column("warc_file", "STRING", "WARC file that the page comes from", is_nullable=False),
        Column("warc_offset", "BIGINT", "First byte of its record there", is_nullable=False),
        Column("url", "STRING", "URL as found in the record"),
        Column("text_digest", "STRING", "Digest of the raw text, normalised: the page's identity, edited or not"),
        IDENTITY,
        Column(
            "edits",
            "ARRAY<STRING>",
            "What made the text from the raw one, in order, with versions: c4_lines.1, mask-1-email; null if raw",
        ),
        Column("text", "STRING", "Main text of the page, edited and masked as the spec asks", is_nullable=False),
    ),
    partition_by=("mixture", "version"),
    properties=IMMUTABLE,
    checks={"some_copies": "copies >= 1", "some_version": "version >= 1"},
)

MIXTURE_PLANS = Table(
    "mixture_plans",
    "A stratum of a version of a mixture: what was asked, what there was, what was taken. Written last",
    (
        MIXTURE,
        VERSION,
        STRATUM,
        Column("weight", "DOUBLE", "Relative wish, as in the spec or by its strategy"),
        Column("share", "DOUBLE", "The weight over the sum of weights"),
        Column("available_tokens", "BIGINT", "Tokens of the stratum in the corpus", is_nullable=False),
        Column("available_pages", "BIGINT", "Pages of the stratum in the corpus", is_nullable=False),
        Column("target_tokens", "BIGINT", "Quota of the stratum", is_nullable=False),
        Column("taken_tokens", "BIGINT", "Tokens written, copies counted", is_nullable=False),
        Column("taken_pages", "BIGINT", "Distinct pages written", is_nullable=False),
        Column("epochs", "DOUBLE", "Quota over available tokens: how often the stratum is seen"),
        Column(
            "is_short",
            "BOOLEAN",
            "Whether the stratum cannot have its share of the budget",
            is_nullable=False,
        ),
        Column("limited_by", "STRING", "What keeps it below its share: a cap, max_epochs, nothing available"),
        Column(
            "cut",
            "STRUCT<full_copies: INT COMMENT 'Copies of every page', priority: BIGINT COMMENT 'Place, smallest first',"
            " draw: BIGINT COMMENT 'Then by this hash', page_id: STRING COMMENT 'Then by this'>",
            "Place up to which pages have one copy more than full_copies: it says what was taken",
        ),
        Column("spec", "STRING", "The spec as canonical JSON", is_nullable=False),
        Column("spec_digest", "STRING", "sha256 of the spec", is_nullable=False),
        IDENTITY,
        Column("seed", "BIGINT", "Seed of all chance", is_nullable=False),
        Column(
            "inputs",
            "ARRAY<STRUCT<crawl: STRING, batch: STRING, content_digest: STRING, annotators: STRING,"
            " duplicates: STRING>>",
            "Published batches that the mixture was made from, with digests of what they held",
            is_nullable=False,
        ),
        Column("table_versions", "MAP<STRING, BIGINT>", "Delta's version of each input table when it was read"),
        Column("models", "MAP<STRING, STRING>", "Annotator -> version, tokenizer among them", is_nullable=False),
        Column("release", "STRING", "Version of webstrata", is_nullable=False),
        Column("run_id", "STRING", "Run that wrote the version", is_nullable=False),
        Column("created_at", "TIMESTAMP", "When it was written (UTC)", is_nullable=False),
    ),
    properties=IMMUTABLE,
    checks={"tokens": "target_tokens >= 0 AND taken_tokens >= 0 AND available_tokens >= 0"},
)

RUNS = Table(
    "runs",
    "A run of one job on one scope: n_in = n_out + the sum of faults",
    (
        Column("run_id", "STRING", "Random id of the run", is_nullable=False),
        Column("job", "STRING", "ingest, annotate, dedup or mix", is_nullable=False),
        Column("scope", "STRING", "Crawl or mixture that it worked on", is_nullable=False),
        Column("n_in", "BIGINT", "Rows that went in", is_nullable=False),
        Column("n_out", "BIGINT", "Rows that came out", is_nullable=False),
        Column("faults", "MAP<STRING, BIGINT>", "Rows that did not come out, by reason", is_nullable=False),
        Column("inputs", "MAP<STRING, BIGINT>", "Delta's version of each table that was read"),
        Column("config", "STRING", "Resolved options as JSON", is_nullable=False),
        Column("config_digest", "STRING", "sha256 of the options", is_nullable=False),
        Column("release", "STRING", "Version of webstrata", is_nullable=False),
        Column("started_at", "TIMESTAMP", "When it began (UTC)", is_nullable=False),
        Column("ended_at", "TIMESTAMP", "When it ended (UTC)", is_nullable=False),
    ),
    checks={"conserved": "n_in = n_out + aggregate(map_values(faults), 0L, (a, b) -> a + b)"},
)
