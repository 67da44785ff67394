"""A pretrained BERT and a cased tokenizer -> a torch module with heads, and the checkpoint folder it is saved as."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch.nn import Embedding, Linear, Module
from transformers import BertModel

from udfs.errors import ConfigError, ModelError
from udfs.export.checkpoint import HEAD_NAME
from udfs.train.cased import LINE_END, LOWER, N_KINDS, CasedTokenizer

HEAD_SPREAD = 0.02  # BERT's own initializer_range
Floats = npt.NDArray[np.float32]


class HeadedEncoder(Module):  # type: ignore[misc]
    """An encoder whose tokens are averaged, with one linear layer for all heads.

    Words keep the vectors that they were pretrained with: a few thousand pages would move only the words in them.
    A token's kind of case or line end adds a vector that is learnt; `save` adds the two up.
    """

    def __init__(self, bert: Any, tokenizer: CasedTokenizer, n_logits: int) -> None:
        super().__init__()
        self.bert = bert
        self.kind = Embedding(N_KINDS, bert.config.hidden_size)
        self.head = Linear(bert.config.hidden_size, n_logits)
        self.register_buffer("origins", torch.tensor(tokenizer.origins), persistent=False)
        self.register_buffer("kinds", torch.tensor(tokenizer.kinds), persistent=False)
        torch.nn.init.zeros_(self.kind.weight)
        torch.nn.init.normal_(self.head.weight, std=HEAD_SPREAD)
        torch.nn.init.zeros_(self.head.bias)
        self._words.weight.requires_grad_(False)
        _begin_line_ends(self._words.weight, tokenizer)

    @property
    def _words(self) -> Any:
        return self.bert.embeddings.word_embeddings

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits [page, logit] in fp32 of token ids [page, token]; mask is 1 where there is a token."""
        kinds = self.kinds[ids]
        marks = self.kind(kinds) * (kinds != LOWER).unsqueeze(-1)
        states = self.bert(inputs_embeds=self._words(self.origins[ids]) + marks, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        pooled = (states.float() * weights).sum(dim=1) / weights.sum(dim=1)
        with torch.autocast("cpu", enabled=False):
            logits: torch.Tensor = self.head(pooled)
        return logits


def load_encoder(base: Path, tokenizer: CasedTokenizer, n_logits: int) -> HeadedEncoder:
    """Return the pretrained BERT in `base` with new heads; raises ConfigError if it is no such checkpoint."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != "bert":
        raise ConfigError(f"{base}: a {config.get('model_type')}; only checkpoints of type bert are fine-tuned")
    try:
        options = {"use_safetensors": True, "local_files_only": True, "dtype": torch.float32}
        bert = BertModel.from_pretrained(base, attn_implementation="sdpa", add_pooling_layer=False, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{base}: transformers cannot load it ({str(error)[:500]})") from error
    for layer in bert.encoder.layer:
        layer.attention.self.dropout.p = 0.0  # the fused attention of CPUs has none
    return HeadedEncoder(bert, tokenizer, n_logits)


def save(model: HeadedEncoder, tokenizer: CasedTokenizer, folder: Path) -> None:
    """Write config.json, model.safetensors, tokenizer.json and head.safetensors; case becomes rows of the words."""
    folder.mkdir(parents=True, exist_ok=True)
    bert = model.bert
    words = bert.embeddings.word_embeddings
    with torch.no_grad():
        is_marked = (model.kinds != LOWER).unsqueeze(-1)
        rows = words.weight[model.origins] + model.kind(model.kinds) * is_marked
    bert.embeddings.word_embeddings = Embedding.from_pretrained(rows)
    bert.config.vocab_size = len(rows)
    try:
        bert.save_pretrained(folder)
    finally:
        bert.embeddings.word_embeddings = words
        bert.config.vocab_size = len(words.weight)
    save_file({name: value.contiguous() for name, value in model.head.state_dict().items()}, folder / HEAD_NAME)
    text = json.dumps(tokenizer.spec, ensure_ascii=False, indent=1)
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")


def _begin_line_ends(words: torch.Tensor, tokenizer: CasedTokenizer) -> None:
    """Let line ends begin as full stops, whose vectors are trained."""
    stop = tokenizer.spec["model"]["vocab"].get(".")
    if stop is None:
        return
    with torch.no_grad():
        for place, kind in enumerate(tokenizer.kinds):
            if kind >= LINE_END:
                words[place] = words[stop]
