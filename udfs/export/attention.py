"""A transformer's attention -> one fused operator of the exported graph, whatever the architecture.

Transformers lets a model call another attention function by name. Ours becomes com.microsoft::MultiHeadAttention,
which ONNX Runtime computes blockwise: no [head, sequence, sequence] tensor, and twice as fast as the exported sums.
A graph is run on one unpadded page at a time, so it needs no mask but the causal one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from udfs.errors import ModelError

NAME = "webstrata"
# What some architectures add to attention; dropped in silence, it would only show on some pages.
_NOT_EXPORTED = ("sliding_window", "softcap", "position_bias", "s_aux")


@contextmanager
def fused_attention(model: Any) -> Iterator[None]:
    """Let the model attend through the fused operator while it is exported."""
    ALL_ATTENTION_FUNCTIONS.register(NAME, _attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, _no_mask)
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _no_mask(*_args: Any, **_options: Any) -> None:
    return None


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, **options: Any
) -> tuple[torch.Tensor, None]:
    """Return the attention of [batch, head, sequence, size] as [batch, sequence, head, size]."""
    unknown = [name for name in _NOT_EXPORTED if options.get(name) is not None]
    if mask is not None or unknown:
        what = ", ".join(unknown) or "a mask or bias of its own"
        raise ModelError(f"this architecture's attention has {what}, which webstrata does not export")
    batch, n_heads, sequence, size = query.shape
    if key.shape[1] != n_heads:  # grouped queries: every group shares keys and values
        key, value = (x.repeat_interleave(n_heads // x.shape[1], dim=1) for x in (key, value))
    rows = [x.transpose(1, 2).reshape(batch, sequence, n_heads * size) for x in (query, key, value)]
    is_causal = options.get("is_causal")
    attributes = {
        "num_heads": n_heads,
        "scale": float(options.get("scaling") or size**-0.5),
        "unidirectional": int(getattr(module, "is_causal", False) if is_causal is None else is_causal),
    }
    out = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention", rows, attributes, dtype=query.dtype, shape=rows[0].shape, version=1
    )
    return out.reshape(batch, sequence, n_heads, size), None
