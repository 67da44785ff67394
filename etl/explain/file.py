"""A text or HTML file -> what our annotators and flags say of it, without a lake."""

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from etl.explain.explanation import Explanation
from etl.explain.page import EXCERPT_CHARS, judged, said, told_columns
from etl.flags.complaint import complaint_over
from etl.flags.presets import find_presets, sort_out
from etl.flags.sql import shown
from etl.local_rows import local_rows
from etl.schema import TABLES
from etl.steps.annotations import annotate_all
from etl.steps.conditions import looked_at
from udfs.annotator import Annotator
from udfs.charset import decode
from udfs.errors import MissingInputError, UsageError
from udfs.extract_process import extract
from udfs.url import parse_url

MAX_BYTES = 64 * 1024 * 1024
_VIEW = "webstrata_explained_file"
_HTML = (".html", ".htm", ".xhtml")


def explain_file(spark: SparkSession, path: Path, annotators: Sequence[Annotator], url: str = "") -> Explanation:
    """Return what is said of a file's text, or of the main text of an HTML file, as if it came from `url`.

    Raises MissingInputError if there is no such file, UsageError if it is too large or holds no text.
    """
    text = _text(path)
    document = {"page_id": "0" * 32, "crawl": "", "batch": "", "text_digest": "", "url": url, "text": text}
    place = parse_url(url)
    about = {"n_chars": len(text), "host": place.host, "registered_domain": place.registered_domain}
    rows = local_rows(spark, [document | about], TABLES["pages"].schema)
    asked = rows.select(*document, *looked_at(annotators, rows.columns))
    annotated = annotate_all(asked, local_rows(spark, [], TABLES["annotations"].schema), annotators)
    types = {field.name: field.dataType for field in annotated.schema}
    columns = {name: set(kind.names) if isinstance(kind, StructType) else None for name, kind in types.items()}
    judging = annotated.drop("text_digest", "batch", "crawl").join(rows, "page_id")
    judging.createOrReplaceTempView(_VIEW)
    known = {**dict.fromkeys(TABLES["pages"].column_names), **columns}
    presets = sort_out(find_presets(), known, complaint_over(spark, _VIEW))
    seen = spark.sql(f"SELECT {shown(presets.ready.values(), columns)} FROM {_VIEW}")
    told = seen.select(*told_columns(seen, presets)).first()
    assert told is not None
    facts = {"file": str(path), "n_chars": len(text)}
    return Explanation(
        str(path), facts, list(said(told, presets, annotators)), list(judged(told, presets)), (), presets.lacking,
        text[:EXCERPT_CHARS],
    )  # fmt: skip


def _text(path: Path) -> str:
    if not path.is_file():
        raise MissingInputError(f"no such file: {path}")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES:,} bytes, which no page is")
    text = decode(path.read_bytes(), None).text.replace("\0", "")
    text = extract(text, "resiliparse").text if path.suffix.lower() in _HTML else text
    if not text.strip():
        raise UsageError(f"{path} holds no text")
    return text
