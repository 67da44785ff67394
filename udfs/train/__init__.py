"""Labelled pages and a recipe -> a model folder (needs the extra `train`)."""
