"""Presets -> the SQL that shows their flags beside the measures, and the funnel of what they drop."""

from collections.abc import Iterable, Mapping

from etl.flags.preset import ANY, Preset

# What a funnel can be cut by: a name and its column in the corpus.
DIMENSIONS = {"language": "language.label", "topic": "topic.label", "format": "format.label", "host": "host"}


def shown(presets: Iterable[Preset], columns: Mapping[str, set[str] | None]) -> str:
    """Return the select list that adds to all columns a struct for each preset, of measures of its name and flags."""
    structs, replaced = [], []
    for preset in presets:
        fields = [f"{sql} AS `{name.partition('.')[2]}`" for name, sql in preset.meanings().items()]
        if preset.name in columns:
            fields.insert(0, f"`{preset.name}`.*")
            replaced.append(preset.name)
        structs.append(f"struct({', '.join(fields)}) AS `{preset.name}`")
    kept = f"* EXCEPT ({', '.join(f'`{name}`' for name in replaced)})" if replaced else "*"
    return ", ".join((kept, *structs))


def judgements(presets: Iterable[Preset]) -> str:
    """Return an array with an element for each preset that can be told of a page: its name, the flags that are true."""
    told = [
        f"if(`{preset.name}`.{ANY} IS NULL, NULL, named_struct('preset', '{preset.name}', 'hits', {_hits(preset)}))"
        for preset in presets
    ]
    empty = "named_struct('preset', '', 'hits', array(named_struct('position', 0, 'flag', '')))"
    return f"filter(array({', '.join(told) or f'if(true, NULL, {empty})'}), j -> j IS NOT NULL)"


def cuts(by: Iterable[str]) -> str:
    """Return an array of the groups of a funnel that a page counts in: all, and its own of each dimension `by`."""
    groups = {"all": "'all'"} | {name: f"coalesce({DIMENSIONS[name]}, '(none)')" for name in by}
    structs = (f"named_struct('by', '{name}', 'value', {value})" for name, value in groups.items())
    return f"array({', '.join(structs)})"


def as_number(value: str) -> str:
    """Return a SQL value as a double, NULL where it is none: ANSI SQL would end the query."""
    return f"try_cast(({value}) AS DOUBLE)"


def _hits(preset: Preset) -> str:
    flags = (
        f"if(`{preset.name}`.`{flag.name}`, named_struct('position', {i}, 'flag', '{flag.name}'), NULL)"
        for i, flag in enumerate(preset.flags, 1)
        if flag.is_told
    )
    return f"filter(array({', '.join(flags)}), h -> h IS NOT NULL)"
