"""The condition of an annotator -> a column over what is known of a page while its annotators are asked."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from etl.condition import names_in, with_names
from udfs.annotator import SPEAKER, Annotator
from udfs.errors import ConfigError

# The columns of a page that every annotator is given.
GIVEN = ("page_id", "crawl", "batch", "text_digest", "url", "text")


def now(annotator: Annotator) -> str:
    """Return the name of the column that holds what an annotator is found to say, new or stored."""
    return f"now_{annotator.column}"


def told(speaker: Annotator, asked: DataFrame, annotators: Sequence[Annotator], stored: DataFrame) -> Column:
    """Return whether the speaker is to be asked: true without a condition, and where its condition is true.

    A condition looks at what those of `annotators` say whom `asked` has already, at what is `stored` of the same text
    by others, and at the page. Raises ConfigError if it looks at one who has not been asked.
    """
    if not speaker.where:
        return F.lit(True)
    columns = {annotator.column.lower(): now(annotator) for annotator in annotators}
    theirs = {*columns, *GIVEN, "annotators"}
    kept = {name.lower(): name for name in stored.columns if name.lower() not in theirs}
    meanings = {}
    for name in names_in(speaker.where):
        head, dot, fields = name.partition(".")
        if head in columns and columns[head] not in asked.columns:
            raise ConfigError(
                f"`where` of annotator {speaker.name} looks at {head}, which is not above it; move it there"
            )
        if head in columns:
            meanings[name] = f"{columns[head]}{dot}{fields}"
        elif head in kept:
            meanings[name] = f"(CASE WHEN is_same_text THEN {kept[head]} END){dot}{fields}"
    return F.coalesce(F.expr(with_names(speaker.where, meanings)), F.lit(False))


def looked_at(annotators: Sequence[Annotator], columns: Sequence[str]) -> list[str]:
    """Return those of a page's columns that conditions look at, beyond those that every annotator is given."""
    wheres = [speaker.where for annotator in annotators for speaker in annotator.speakers]
    heads = {name.partition(".")[0] for where in wheres for name in names_in(where)}
    return [name for name in columns if name.lower() in heads and name not in GIVEN]


def signed(speaker: Annotator, said: Column) -> Column:
    """Return what a speaker said, with its name in it where its column has a field for that."""
    if SPEAKER not in speaker.fields:
        return said
    fields = (said[field.name].alias(field.name) for field in speaker.said_fields)
    return F.when(said.isNotNull(), F.struct(*fields, F.lit(speaker.details["speaks_as"]).alias(SPEAKER.name)))
