-- First-ranked documents, joined with what the annotators say about them
SELECT d.*, a.* EXCEPT (page_id, crawl, batch, text_digest), x.cluster_size
FROM {documents} d
JOIN {annotations} a ON a.page_id = d.page_id AND a.crawl = d.crawl AND a.batch = d.batch
JOIN {duplicates} x ON x.page_id = d.page_id AND x.crawl = d.crawl
WHERE x.rank = 1 AND a.text_digest = d.text_digest
