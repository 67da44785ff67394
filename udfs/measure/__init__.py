"""What a text is like: numbers computed from the text alone. A measure says nothing about keeping a page."""
