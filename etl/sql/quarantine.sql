-- Pages of published batches that something broken kept from having a text
SELECT p.* EXCEPT (text)
FROM {pages} p
LEFT SEMI JOIN (SELECT DISTINCT crawl, batch FROM {files} WHERE status = 'published') f
  ON p.crawl = f.crawl AND p.batch = f.batch
WHERE NOT p.is_fault_expected
