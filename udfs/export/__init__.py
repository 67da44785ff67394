"""A Hugging Face-style checkpoint and a recipe -> a model folder (needs the extra `export`; torch only here)."""
