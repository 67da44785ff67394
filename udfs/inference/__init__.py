"""Texts and a checked model -> its scores: tokens, windows, ONNX Runtime and fastText, priors."""
