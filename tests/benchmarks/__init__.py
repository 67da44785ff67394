"""The project on real pages, beside datatrove -> a table of rates, memory and cost per page."""
