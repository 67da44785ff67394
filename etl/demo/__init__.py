"""A small crawl that ships with the project: sentences in YAML -> web pages -> `.warc.gz` files."""
