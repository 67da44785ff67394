-- Pages with a text, with what was said of it and its flags (`gopher.too_short`); NULL where nobody has spoken yet
SELECT {shown}
FROM (
  SELECT t.*, a.* EXCEPT (page_id, crawl, batch, text_digest)
  FROM {texts} t
  LEFT JOIN {annotations} a
    ON a.page_id = t.page_id AND a.crawl = t.crawl AND a.batch = t.batch AND a.text_digest = t.text_digest
)
