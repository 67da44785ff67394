"""A checkpoint folder (config.json, *.safetensors) -> a torch module: token ids of one page in, a row of logits out.

Nothing in the folder is run: no pickle, no code of its own. Architectures are those that transformers implements.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

from udfs.errors import ModelError
from udfs.export.gte import as_gte, is_published_gte
from udfs.export.recipe import ExportRecipe

HEAD_NAME = "head.safetensors"
MAX_CONFIG_BYTES = 1 << 20
_OPTIONS = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False, "dtype": torch.float32}
# Weights that a checkpoint may lack, because pooled tokens need none, or hold, because no page's logits need them.
_MAY_LACK = ("pooler.",)
_MAY_HOLD = ("cls.", "lm_head.", "pooler.", "new.pooler.", "bert.pooler.")
_BUFFERS = ("position_ids", "inv_freq")


class Logits(torch.nn.Module):  # type: ignore[misc]
    """The checkpoint's own classification head."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        # Which token is the last of an unpadded page is known; an id of padding would only be looked for.
        model.config.pad_token_id = None
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return the logits [1, n] of token ids [1, sequence]."""
        logits: torch.Tensor = self.model(input_ids=input_ids).logits
        return logits


class PooledLogits(torch.nn.Module):  # type: ignore[misc]
    """An encoder whose tokens are pooled, with a linear head."""

    def __init__(self, model: Any, head: torch.nn.Linear, pooling: str) -> None:
        super().__init__()
        self.model, self.head, self._pooling = model, head, pooling

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return the logits [1, n] of token ids [1, sequence]."""
        states = self.model(input_ids=input_ids).last_hidden_state
        logits: torch.Tensor = self.head(states.mean(dim=1) if self._pooling == "mean" else states[:, 0])
        return logits


def load_checkpoint(folder: Path, recipe: ExportRecipe) -> torch.nn.Module:
    """Return the checkpoint as a `Logits` or `PooledLogits` in fp32, in evaluation mode.

    Raises ModelError if it is no checkpoint of an architecture that we know, holds pickles alone, or if the
    recipe's input is longer than its positions.
    """
    _check_files(folder)
    config = _read_config(folder)
    n_positions = getattr(config, "max_position_embeddings", recipe.input.max_tokens)
    if recipe.input.max_tokens > n_positions:
        raise ModelError(f"{folder}: it has {n_positions} positions, the recipe's max_tokens is larger; lower it")
    if recipe.pooling == "model":
        return Logits(_load(AutoModelForSequenceClassification, folder, config, ())).eval()
    encoder = _load(AutoModel, folder, config, _MAY_LACK)
    return PooledLogits(encoder, _read_head(folder), recipe.pooling).eval()


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json there; a checkpoint folder holds config, safetensors and tokenizer")
    if any(path.name != HEAD_NAME for path in folder.glob("*.safetensors")):
        return
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in {".bin", ".pt", ".pth", ".ckpt"})
    found = f"{', '.join(pickles)} may run code when opened" if pickles else "there is none"
    raise ModelError(f"{folder}: only *.safetensors are read ({found}); save the checkpoint as safetensors")


def _read_config(folder: Path) -> Any:
    path = folder / "config.json"
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise ModelError(f"{path}: larger than {MAX_CONFIG_BYTES:,} bytes, which no config needs")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        values.pop("auto_map", None)  # names code of the checkpoint's own
        if is_published_gte(values):
            values = as_gte(values)
        return AutoConfig.for_model(values.pop("model_type"), **values)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{path}: no architecture that transformers knows ({error!r:.300})") from error


def _load(kind: Any, folder: Path, config: Any, may_lack: tuple[str, ...]) -> Any:
    try:
        model, info = kind.from_pretrained(folder, config=config, output_loading_info=True, **_OPTIONS)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: transformers cannot load it ({str(error)[:500]})") from error
    lacking = [name for name in info["missing_keys"] if not name.startswith(may_lack or ("\0",))]
    strange = [name for name in info["unexpected_keys"] if not name.startswith(_MAY_HOLD)]
    strange = [name for name in strange if not name.endswith(_BUFFERS)]
    if lacking or strange:
        raise ModelError(
            f"{folder}: not the weights of a {type(model).__name__} (lacking: {sorted(lacking)[:5]}, "
            f"unknown: {sorted(strange)[:5]}); an encoder without a head needs `pooling: mean` or `first`"
        )
    return model


def _read_head(folder: Path) -> torch.nn.Linear:
    if not (folder / HEAD_NAME).is_file():
        raise ModelError(f"{folder}: pooled tokens need the linear head {HEAD_NAME} (weight, bias) there")
    tensors = load_file(folder / HEAD_NAME)
    if set(tensors) != {"weight", "bias"} or tensors["weight"].ndim != 2:
        raise ModelError(f"{folder / HEAD_NAME}: holds {sorted(tensors)}, expected weight [n, hidden] and bias [n]")
    n, size = tensors["weight"].shape
    head = torch.nn.Linear(size, n)
    head.load_state_dict(tensors)
    return head
