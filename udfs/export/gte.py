"""The published config of gte-base-en-v1.5 (model_type `new`) -> that of transformers' own implementation.

The published one names code to download, which is never run. Weights keep their published names: transformers
renames them as it loads.
"""

from typing import Any

# Options of the published architecture that transformers' implementation lacks, with the only value we take.
_FIXED = {"position_embedding_type": "rope", "layer_norm_type": "layer_norm", "logn_attention_scale": False}
_KEPT = (
    *("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act"),
    *("max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id", "id2label", "label2id"),
)


def is_published_gte(config: dict[str, Any]) -> bool:
    """Tell whether a config.json is one of the published gte v1.5 family."""
    return config.get("model_type") == "new"


def as_gte(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config as transformers' `gte`; raises ValueError where it asks for something else."""
    for name, value in _FIXED.items():
        if config.get(name, value) != value:
            raise ValueError(f"{name} is {config[name]!r}, only {value!r} is known")
    return {"model_type": "gte", "rope_parameters": _rotation(config)} | {k: config[k] for k in _KEPT if k in config}


def _rotation(config: dict[str, Any]) -> dict[str, Any]:
    """Return the rotation's parameters.

    NTK scaling by f of a head of size d takes the frequencies (θ f)^(-2i/d) / f^(2/d), at every length
    (Su 2023, kexue.fm/archives/9706, formula 6): a base of θ f, and all positions divided by f^(2/d).
    """
    theta, scaling = config.get("rope_theta", 10_000.0), config.get("rope_scaling")
    if scaling is None:
        return {"rope_type": "default", "rope_theta": theta}
    if scaling.get("type") != "ntk" or scaling.get("mixed_b") is not None:
        raise ValueError(f"rope_scaling is {scaling}, only plain ntk is known")
    factor, size = scaling["factor"], config["hidden_size"] // config["num_attention_heads"]
    return {"rope_type": "linear", "rope_theta": theta * factor, "factor": factor ** (2 / size)}
