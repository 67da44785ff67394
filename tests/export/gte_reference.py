"""Weights of the published gte v1.5 architecture -> logits, in plain NumPy, from its description.

An encoder with layer norms behind its sums: one matrix for queries, keys and values, rotated by position (NTK scaling),
a gated MLP whose first half is the value and whose second half, through GELU, is the gate; a pooler over the first
token. Written without looking at transformers, to check what is exported against.
"""

from math import erf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_erf = np.vectorize(erf)


def logits(weights: dict[str, Any], config: dict[str, Any], ids: list[int]) -> Floats:
    """Return the logits [n] of a page's token ids."""
    w = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    states = _norm(w["new.embeddings.word_embeddings.weight"][ids], w, "new.embeddings.LayerNorm", config)
    for i in range(config["num_hidden_layers"]):
        layer = f"new.encoder.layer.{i}"
        states = _norm(states + _attention(states, w, layer, config), w, f"{layer}.attn_ln", config)
        states = _norm(states + _mlp(states, w, layer), w, f"{layer}.mlp_ln", config)
    pooled = np.tanh(_linear(states[0], w, "new.pooler.dense"))
    return _linear(pooled, w, "classifier")


def _linear(x: Floats, w: dict[str, Floats], name: str) -> Floats:
    return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", np.zeros(1))


def _norm(x: Floats, w: dict[str, Floats], name: str, config: dict[str, Any]) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
    return centred / scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def _attention(x: Floats, w: dict[str, Floats], layer: str, config: dict[str, Any]) -> Floats:
    n, hidden = x.shape
    size = hidden // config["num_attention_heads"]
    parts = np.split(_linear(x, w, f"{layer}.attention.qkv_proj"), 3, axis=-1)
    q, k, v = (part.reshape(n, -1, size).transpose(1, 0, 2) for part in parts)
    q, k = _rotated(q, config), _rotated(k, config)
    scores = np.exp((s := q @ k.transpose(0, 2, 1) / sqrt(size)) - s.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ v
    return _linear(mixed.transpose(1, 0, 2).reshape(n, hidden), w, f"{layer}.attention.o_proj")


def _rotated(x: Floats, config: dict[str, Any]) -> Floats:
    """Return [head, position, size] rotated: frequency i is (θ f)^(-2i/d) / f^(2/d)."""
    size, factor = x.shape[-1], config["rope_scaling"]["factor"]
    frequencies = (config["rope_theta"] * factor) ** (-np.arange(0, size, 2) / size) / factor ** (2 / size)
    angles = np.arange(x.shape[1])[:, None] * frequencies
    cos, sin = (np.concatenate([f(angles)] * 2, axis=-1) for f in (np.cos, np.sin))
    first, second = np.split(x, 2, axis=-1)
    rotated: Floats = x * cos + np.concatenate([-second, first], axis=-1) * sin
    return rotated


def _mlp(x: Floats, w: dict[str, Floats], layer: str) -> Floats:
    up, gate = np.split(_linear(x, w, f"{layer}.mlp.up_gate_proj"), 2, axis=-1)
    return _linear(up * gate * (1 + _erf(gate / sqrt(2))) / 2, w, f"{layer}.mlp.down_proj")
