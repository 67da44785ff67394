-- First-ranked documents, with what the annotators say about them and their flags
SELECT d.*, x.cluster_size
FROM {documents} d
JOIN {duplicates} x ON x.page_id = d.page_id AND x.crawl = d.crawl
WHERE x.rank = 1 AND d.annotators IS NOT NULL
