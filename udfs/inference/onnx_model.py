"""A checked ONNX file -> logits of token ids, one page at a time on one thread."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.errors import ModelError
from udfs.model_store.onnx_file import check_onnx

Floats = npt.NDArray[np.float32]
INPUTS = ("input_ids", "attention_mask")


class OnnxModel:
    """An inference session: a batch of one, unpadded, so that no page's score depends on its neighbours.

    On CPUs that also beats every padded batch (reference: measured.md, section 2).
    """

    def __init__(self, path: Path) -> None:
        check_onnx(path)
        self._session = _open_session(path)
        names = {item.name for item in self._session.get_inputs()}
        if not {"input_ids"} <= names <= {*INPUTS, "token_type_ids"}:
            raise ModelError(f"{path}: its inputs are {sorted(names)}; a text model takes {', '.join(INPUTS)}")
        self._wants_mask, self._wants_types = "attention_mask" in names, "token_type_ids" in names
        self._path = path
        self.n_logits = self._try_out()

    def logits(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> Floats:
        """Return the logits [n] of one page's token ids."""
        row = np.asarray(ids, np.int64).reshape(1, -1)
        feed = {"input_ids": row}
        if self._wants_mask:
            feed["attention_mask"] = np.ones_like(row)
        if self._wants_types:
            feed["token_type_ids"] = np.zeros_like(row)
        logits: Floats = self._session.run(None, feed)[0][0]
        return logits

    def _try_out(self) -> int:
        """Return how many logits a first inference gives, refusing a graph that gives no finite row of them."""
        try:
            logits = np.asarray(self.logits([0, 1, 2, 1]))
        except Exception as error:
            raise ModelError(f"{self._path}: a first inference fails ({error}); export the model again") from error
        if logits.ndim != 1 or not np.isfinite(logits).all():
            raise ModelError(f"{self._path}: a first inference gives {logits.shape} and not a row of finite logits")
        return len(logits)


def _open_session(path: Path):  # type: ignore[no-untyped-def]
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        # From a path, never from bytes: only then are external data held inside the folder.
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{path}: ONNX Runtime refuses it ({error}); export the model again") from error
