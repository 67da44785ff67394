"""Named edits: pure functions from a text to what is left of it, with what they removed counted."""
