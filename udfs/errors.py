"""The errors of webstrata: one root, so that a caller can catch them all.

    WebstrataError                 every error we raise on purpose; the CLI exits with 1
    ├── UsageError                 the request is wrong: the CLI exits with 2
    │   ├── ConfigError            a YAML file or an option says something we do not understand
    │   └── MissingInputError      a path, table, crawl or mixture that does not exist
    ├── ModelError                 a model folder is missing, changed or hostile
    ├── LakeError                  a lake that we cannot read or write (newer format, full disk)
    └── ConflictError              somebody else wrote the same thing at the same time

Each message says what is wrong, where, and what to do.
"""


class WebstrataError(Exception):
    """Every error that webstrata raises on purpose."""


class UsageError(WebstrataError):
    """What was asked for makes no sense; asking differently helps."""


class ConfigError(UsageError):
    """A YAML file or an option says something that we do not understand."""


class MissingInputError(UsageError):
    """A path, table, crawl or mixture that does not exist."""


class ModelError(WebstrataError):
    """A model folder is missing, differs from its digests or is refused."""


class LakeError(WebstrataError):
    """A lake that cannot be read or written."""


class ConflictError(WebstrataError):
    """Another driver wrote the same thing at the same time, or an immutable thing differs."""
