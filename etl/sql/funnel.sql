-- What each step keeps (reason is null) and drops (one row for each reason), by crawl
WITH published AS (SELECT * FROM {files} WHERE status = 'published'),
records AS (SELECT crawl, explode(n_records) AS (record_type, n) FROM published),
judged AS (
  SELECT p.crawl, p.fault, p.is_fault_expected, a.n_tokens, x.rank,
    p.text IS NOT NULL AS is_document, coalesce(a.text_digest = p.text_digest, false) AS is_annotated
  FROM (SELECT page_id, crawl, batch, fault, is_fault_expected, text_digest, text FROM {pages}) p
  LEFT SEMI JOIN published f ON p.crawl = f.crawl AND p.batch = f.batch
  LEFT JOIN {annotations} a ON a.page_id = p.page_id AND a.crawl = p.crawl AND a.batch = p.batch
  LEFT JOIN {duplicates} x ON x.page_id = p.page_id AND x.crawl = p.crawl
)
SELECT crawl, 1 AS position, 'records' AS step, CAST(NULL AS STRING) AS reason, CAST(NULL AS BOOLEAN) AS is_expected,
  sum(n) AS n_rows, CAST(NULL AS BIGINT) AS n_tokens
FROM records GROUP BY crawl
UNION ALL
SELECT crawl, 1, 'records', concat(record_type, ' record'), true, sum(n), NULL
FROM records WHERE record_type NOT IN ('response', 'resource', 'conversion', 'revisit') GROUP BY crawl, record_type
UNION ALL
SELECT crawl, 2, 'pages', NULL, NULL, count(*), NULL FROM judged GROUP BY crawl
UNION ALL
SELECT crawl, 2, 'pages', fault, is_fault_expected, count(*), NULL
FROM judged WHERE NOT is_document GROUP BY crawl, fault, is_fault_expected
UNION ALL
SELECT crawl, 3, 'documents', NULL, NULL, count(*), sum(n_tokens) FROM judged WHERE is_document GROUP BY crawl
UNION ALL
SELECT crawl, 3, 'documents',
  CASE WHEN NOT is_annotated THEN 'not_annotated_yet' WHEN rank IS NULL THEN 'not_deduplicated_yet' ELSE 'duplicate' END,
  true, count(*), sum(n_tokens)
FROM judged WHERE is_document AND NOT (is_annotated AND coalesce(rank = 1, false)) GROUP BY ALL
UNION ALL
SELECT crawl, 4, 'first-ranked', NULL, NULL, count(*), sum(n_tokens)
FROM judged WHERE is_document AND is_annotated AND rank = 1 GROUP BY crawl
