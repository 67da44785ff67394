"""An annotator's name, fields and model -> a callable that says something about each text of a batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

# Stored scores carry this many decimals everywhere, so that another machine's last bit changes no mixture.
SCORE_DECIMALS = 6


class Texts(NamedTuple):
    """A batch of documents: their texts and, in the same order, their URLs; no nulls."""

    text: Sequence[str]
    url: Sequence[str]


class AnnotationField(NamedTuple):
    """A field of an annotation: its name, its SQL type and what it says."""

    name: str
    sql_type: str
    comment: str


# The field of a cascade's column that its models do not say themselves.
SPEAKER = AnnotationField("model", "STRING", "who spoke: name, version and digest of the model")

Columns = Mapping[str, Sequence[object]]
Predict = Callable[[Texts], Columns]

_loaded: dict[tuple[str, str], Predict] = {}


@dataclass(frozen=True, slots=True)
class Annotator:
    """Something that says the same thing about the same text, whatever stands beside it in the batch."""

    name: str
    version: str
    fields: tuple[AnnotationField, ...]
    load: Callable[[], Predict] = field(compare=False)
    column: str = ""
    is_struct: bool = True
    details: Mapping[str, str] = field(default_factory=dict, compare=False)
    # SQL over the page's columns and other annotators': only where it is true is this annotator asked at all.
    where: str = ""
    # Who speaks where `where` is not true, and gives `where` a first opinion; nobody: then the column is null.
    otherwise: "Annotator | None" = None

    def __post_init__(self) -> None:
        if not self.column:
            object.__setattr__(self, "column", self.name)

    def __call__(self, texts: Texts) -> Columns:
        """Return a column per field, in their order; the model is loaded once per process."""
        key = (self.name, self.version)
        if key not in _loaded:
            _loaded[key] = self.load()
        return _loaded[key](texts)

    @property
    def speakers(self) -> tuple["Annotator", ...]:
        """Return all who may speak in the column, in the order in which they are asked."""
        return (*(self.otherwise.speakers if self.otherwise else ()), self)

    @property
    def said_fields(self) -> tuple[AnnotationField, ...]:
        """Return the fields that calling the annotator gives."""
        return tuple(item for item in self.fields if item != SPEAKER)

    @property
    def ddl(self) -> str:
        """Return the SQL type of the annotator's column, comments included."""
        if not self.is_struct:
            return self.fields[0].sql_type
        return f"STRUCT<{', '.join(_field_ddl(item) for item in self.fields)}>"


def rounded(score: float) -> float:
    """Return a score as it is stored, with SCORE_DECIMALS decimals."""
    return round(float(score), SCORE_DECIMALS)


def _field_ddl(item: AnnotationField) -> str:
    comment = item.comment.replace("\\", "\\\\").replace("'", "\\'")
    return f"{item.name}: {item.sql_type} COMMENT '{comment}'"
