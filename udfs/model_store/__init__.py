"""Model folders: what one is, how it is fetched and cached, and what is checked before anything in it is run."""
