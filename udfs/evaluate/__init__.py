"""A model and labelled pages -> how good, how honest and how fast the model is."""
