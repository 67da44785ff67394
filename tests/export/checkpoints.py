"""Small checkpoints of random weights, of the architectures that are shown, as they are saved by their makers."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
)

N_WORDS = 500
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": N_WORDS,
    "initializer_range": 0.3,
}
# As published: rope_theta, ntk, no token types, code of its own that is not to be run.
GTE: dict[str, Any] = {
    **SMALL,
    "model_type": "new",
    "auto_map": {"AutoModelForSequenceClassification": "elsewhere/code--modeling.NewForSequenceClassification"},
    "architectures": ["NewForSequenceClassification"],
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "layer_norm_type": "layer_norm",
    "logn_attention_scale": False,
    "max_position_embeddings": 8192,
    "pack_qkv": True,
    "pad_token_id": 0,
    "position_embedding_type": "rope",
    "rope_theta": 500_000,
    "rope_scaling": {"type": "ntk", "factor": 2.0},
    "type_vocab_size": 0,
    "unpad_inputs": False,
    "use_memory_efficient_attention": False,
    "id2label": {str(i): f"LABEL_{i}" for i in range(24)},
}


def bert(folder: Path, **options: Any) -> Path:
    """A BERT with one logit, as FineWeb-Edu's classifier is."""
    return _saved(folder, BertConfig(**SMALL, max_position_embeddings=512, num_labels=1, **options))


def llama(folder: Path, **options: Any) -> Path:
    """A LLaMA with four logits at the last token, as QuRater is."""
    return _saved(folder, LlamaConfig(**SMALL, max_position_embeddings=512, num_labels=4, **options))


def mistral(folder: Path) -> Path:
    """A decoder each of whose tokens sees the last eight alone."""
    return _saved(folder, MistralConfig(**SMALL, num_key_value_heads=4, sliding_window=8, num_labels=4))


def gte(folder: Path, **options: Any) -> Path:
    """A gte v1.5 with 24 logits, with the names of config and weights that are published."""
    torch.manual_seed(1)
    (folder / "config.json").write_text(json.dumps(GTE | options))
    save_file(_gte_weights(), folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path) -> None:
    """Write a tokenizer whose words are numbers, with special tokens at both ends."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(str(i) for i in range(N_WORDS - 4))]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.save(str(folder / "tokenizer.json"))


def _saved(folder: Path, config: PreTrainedConfig) -> Path:
    torch.manual_seed(1)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def _gte_weights() -> dict[str, torch.Tensor]:
    hidden, inner = SMALL["hidden_size"], SMALL["intermediate_size"]
    linear = {"new.pooler.dense": (hidden, hidden, True), "classifier": (24, hidden, True)}
    norms = ["new.embeddings.LayerNorm"]
    for i in range(SMALL["num_hidden_layers"]):
        layer = f"new.encoder.layer.{i}"
        linear[f"{layer}.attention.qkv_proj"] = (3 * hidden, hidden, True)
        linear[f"{layer}.attention.o_proj"] = (hidden, hidden, True)
        linear[f"{layer}.mlp.up_gate_proj"] = (2 * inner, hidden, False)
        linear[f"{layer}.mlp.down_proj"] = (hidden, inner, True)
        norms += [f"{layer}.attn_ln", f"{layer}.mlp_ln"]
    weights = {"new.embeddings.word_embeddings.weight": torch.randn(N_WORDS, hidden)}
    for name, (n_out, n_in, has_bias) in linear.items():
        weights[f"{name}.weight"] = torch.randn(n_out, n_in) * 0.3
        if has_bias:
            weights[f"{name}.bias"] = torch.randn(n_out) * 0.3
    for name in norms:
        weights |= {f"{name}.weight": 1 + torch.randn(hidden) * 0.3, f"{name}.bias": torch.randn(hidden) * 0.3}
    return weights
