"""The `weights` of a spec, in any of its three forms -> one exact weight per stratum.

weights: {Health / Tutorial: 2}                                  a stratum: its labels, joined
weights: {Health: {Tutorial: 2}}                                 the same, nested
weights: {topic.label: {Health: 2}, format.label: {Tutorial: 1}} one per axis, multiplied (WebOrganizer)
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

SEPARATOR = " / "
NO_LABEL = "(none)"  # stands for a label that is missing
MAX_STRATA = 100_000

_FRACTION = re.compile(r"[0-9]{1,99}(/[1-9][0-9]{0,98})?")
_LARGEST = Fraction(10**99)


def stratum_name(labels: Sequence[str]) -> str:
    """Return the name of the stratum with these labels, one per axis."""
    return SEPARATOR.join(labels)


def weights_of(weights: Mapping[object, object], axes: Sequence[str]) -> dict[str, Fraction]:
    """Return the weight of each stratum named; `axes` are the columns that make strata.

    Raises ValueError for a weight that is no positive number, or a stratum named twice or too shallowly.
    """
    if set(weights) == set(axes):
        return _multiplied([_axis(axis, weights[axis]) for axis in axes])
    found: dict[str, Fraction] = {}
    for labels, weight in _leaves(weights, ()):
        name = stratum_name(labels)
        if len(labels) not in (1, len(axes)):
            raise ValueError(f"{name!r} has {len(labels)} labels, but strata have {len(axes)}: {', '.join(axes)}")
        if name in found:
            raise ValueError(f"two weights for {name!r}")
        found[name] = weight
    return found


def _axis(axis: str, weights: object) -> dict[str, Fraction]:
    """Return the weights of the labels of one axis."""
    if not isinstance(weights, Mapping):
        raise ValueError(f"{axis}: expected a mapping of label to weight, found {weights!r}")
    return {_label(label): _number(str(label), weight) for label, weight in weights.items()}


def _multiplied(factors: Sequence[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    """Return the weight of each combination of labels: the product of theirs, as if axes were independent."""
    n_strata = math.prod(len(factor) for factor in factors)
    if n_strata > MAX_STRATA:
        raise ValueError(f"these axes make {n_strata:,} strata; at most {MAX_STRATA:,} are planned")
    cells = product(*(factor.items() for factor in factors))
    return {
        stratum_name([label for label, _ in cell]): math.prod((w for _, w in cell), start=Fraction(1)) for cell in cells
    }


def _leaves(node: Mapping[object, object], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Fraction]]:
    """Yield the labels on the way to each number below `node`, and the number."""
    for key, value in node.items():
        labels = (*above, _label(key))
        if isinstance(value, Mapping):
            yield from _leaves(value, labels)
        else:
            yield labels, _number(stratum_name(labels), value)


def _label(key: object) -> str:
    """Return a key as a label; YAML reads a bare `no`, the language, as false."""
    if isinstance(key, bool):
        raise ValueError(f"YAML reads the label as {key}: put it in quotes")
    return str(key)


def _number(name: str, value: object) -> Fraction:
    """Return a weight exactly as it was written: 0.1 is one tenth, not the float near it; 1/3 is a third."""
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        weight = Fraction(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        weight = exact(value)
    else:
        weight = Fraction(0)
    if not 1 / _LARGEST <= weight <= _LARGEST:
        raise ValueError(
            f"the weight of {name!r} must be a positive number, not {value!r}; to take nothing, leave it out"
        )
    return weight


def exact(value: float) -> Fraction:
    """Return the fraction that the shortest decimal form of `value` stands for."""
    return Fraction(str(value))
