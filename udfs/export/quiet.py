"""Libraries that talk of their own steps -> silence, while a checkpoint is exported."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging as transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, log records below errors, and progress bars of torch, transformers and ONNX Runtime."""
    level, shows_bars = logging.root.manager.disable, transformers_logging.is_progress_bar_enabled()
    logging.disable(logging.WARNING)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        if shows_bars:
            transformers_logging.enable_progress_bar()
