"""A torch module of a checkpoint -> model.onnx: one plain file, fused for CPUs, fp32 or dynamic int8."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model

from udfs.errors import ModelError
from udfs.export.attention import fused_attention

OPSET = 18
# Protobuf's limit is 2 GiB; the graph beside the weights needs a little of it.
MAX_WEIGHT_BYTES = (2 << 30) - (16 << 20)
_EXAMPLE_TOKENS = 11
Precision = Literal["fp32", "int8"]


def write_graph(module: Any, path: Path, precision: Precision, max_tokens: int) -> None:
    """Write the module as model.onnx: input_ids [1, sequence] in, logits [1, n] out.

    There is no mask and one page at a time, for pages are run unpadded. Raises ModelError if the weights do not fit
    in one file, or the architecture cannot be exported.
    """
    _check_size(_weight_bytes(module, precision), precision)
    with TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        plain, fused = Path(folder) / "plain.onnx", Path(folder) / "fused.onnx"
        _export(module, plain, max_tokens)
        _fuse(plain, fused, module.model.config)
        if precision == "int8":
            _quantise(fused, Path(folder) / "int8.onnx")
            fused = Path(folder) / "int8.onnx"
        _write_plain(fused, path, precision)


def _weight_bytes(module: Any, precision: Precision) -> int:
    """Return the bytes of the weights in the graph; int8 are those of linear layers."""
    total: int = 4 * sum(weight.numel() for weight in module.parameters())
    linear: int = sum(part.weight.numel() for part in module.modules() if isinstance(part, torch.nn.Linear))
    return total - 3 * linear if precision == "int8" else total


def _check_size(n_bytes: int, precision: Precision) -> None:
    if n_bytes > MAX_WEIGHT_BYTES:
        advice = "use `precision: int8`" if precision == "fp32" else "export a smaller checkpoint"
        raise ModelError(
            f"the weights would be {n_bytes / 1e9:.1f} GB as {precision}, and one plain ONNX file holds less than 2 GiB"
            f" (a tensor in another file is refused where a model is opened); {advice}"
        )


def _export(module: Any, path: Path, max_tokens: int) -> None:
    ids = torch.randint(0, module.model.config.vocab_size, (1, _EXAMPLE_TOKENS))
    sequence = torch.export.Dim("sequence", min=2, max=max(max_tokens, _EXAMPLE_TOKENS))
    options = {"input_names": ["input_ids"], "output_names": ["logits"], "opset_version": OPSET, "verbose": False}
    try:
        with fused_attention(module.model), torch.no_grad():
            program = torch.onnx.export(module, (ids,), dynamic_shapes={"input_ids": {1: sequence}}, **options)
    except torch.onnx.errors.OnnxExporterError as error:
        if isinstance(error.__cause__, ModelError):  # of our own attention
            raise error.__cause__ from None
        raise ModelError(f"torch cannot export a {type(module.model).__name__} ({error!s:.500})") from error
    program.save(path, external_data=True)


def _fuse(plain: Path, fused: Path, config: Any) -> None:
    """Fuse layer norms with their sums, and activations with their biases."""
    model = optimize_model(
        str(plain),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    _forget_origin(model.model)
    for written in plain.parent.glob(f"{plain.name}*"):  # the model is read: gigabytes of disk to free
        written.unlink()
    model.save_model_to_file(str(fused), use_external_data_format=True)


def _quantise(fused: Path, out: Path) -> None:
    """Store the weights of matrix products as int8, a scale per column; activations are quantised as they come.

    Seven bits: with eight, the sums of two products overflow on CPUs without VNNI, and a page's score would
    depend on the machine. Embeddings stay as they are: looking them up costs nothing.
    """
    quantize_dynamic(
        fused,
        out,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        use_external_data_format=True,
        # Behind operators of com.microsoft no shape inference sees a type.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _write_plain(source: Path, path: Path, precision: Precision) -> None:
    """Write the graph as one file without external data."""
    model = onnx.load(source)
    _check_size(sum(len(tensor.raw_data) for tensor in model.graph.initializer), precision)
    _forget_origin(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _forget_origin(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes down: shapes that fusing outdates, and its stack of calls with their paths."""
    model.graph.ClearField("value_info")
    for part in (model, model.graph, *model.graph.node, *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
