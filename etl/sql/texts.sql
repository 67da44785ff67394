-- Pages with a text, of published batches; `documents` says more of them
SELECT p.*
FROM {pages} p
LEFT SEMI JOIN (SELECT DISTINCT crawl, batch FROM {files} WHERE status = 'published') f
  ON p.crawl = f.crawl AND p.batch = f.batch
WHERE p.fault IS NULL
