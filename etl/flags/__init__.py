"""Named reasons not to use a page: presets of SQL conditions over what was said of it."""

from etl.flags.preset import Flag, Preset, Threshold

__all__ = ["Flag", "Preset", "Threshold"]
