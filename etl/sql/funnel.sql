-- What each step keeps (reason is null) and drops (one row for each reason), by crawl
WITH published AS (SELECT crawl, batch, n_records FROM {files} WHERE status = 'published'),
records AS (
  SELECT crawl, 1 AS position, 'records' AS step, r.reason, r.is_expected, n AS n_rows, CAST(NULL AS BIGINT) AS n_tokens
  FROM (SELECT crawl, explode(n_records) AS (record_type, n) FROM published)
  LATERAL VIEW inline(filter(array(
    named_struct('is_row', true, 'reason', CAST(NULL AS STRING), 'is_expected', CAST(NULL AS BOOLEAN)),
    named_struct('is_row', record_type NOT IN ('response', 'resource', 'conversion', 'revisit'),
      'reason', concat(record_type, ' record'), 'is_expected', true)), r -> r.is_row)) r
),
judged AS (
  SELECT p.crawl, p.fault, p.is_fault_expected, a.n_tokens,
    CASE WHEN p.fault IS NOT NULL THEN NULL WHEN a.text_digest IS DISTINCT FROM p.text_digest THEN 'not_annotated_yet'
      WHEN x.rank IS NULL THEN 'not_deduplicated_yet' WHEN x.rank > 1 THEN 'duplicate' END AS drop_reason
  FROM {pages} p
  LEFT SEMI JOIN published f ON p.crawl = f.crawl AND p.batch = f.batch
  LEFT JOIN {annotations} a ON a.page_id = p.page_id AND a.crawl = p.crawl AND a.batch = p.batch
  LEFT JOIN {duplicates} x ON x.page_id = p.page_id AND x.crawl = p.crawl
),
counts AS (
  SELECT crawl, fault, is_fault_expected, drop_reason, count(*) AS n_rows, sum(n_tokens) AS n_tokens
  FROM judged GROUP BY ALL
),
steps AS (
  -- Each count stands in the step it reached, in the steps before it, and in the reason it got no further.
  SELECT crawl, s.position, s.step, s.reason, s.is_expected, n_rows, if(s.position > 2, n_tokens, NULL) AS n_tokens
  FROM counts LATERAL VIEW inline(filter(array(
    named_struct('is_row', true, 'position', 2, 'step', 'pages', 'reason', CAST(NULL AS STRING), 'is_expected', CAST(NULL AS BOOLEAN)),
    named_struct('is_row', fault IS NOT NULL, 'position', 2, 'step', 'pages', 'reason', fault, 'is_expected', is_fault_expected),
    named_struct('is_row', fault IS NULL, 'position', 3, 'step', 'documents', 'reason', NULL, 'is_expected', NULL),
    named_struct('is_row', drop_reason IS NOT NULL, 'position', 3, 'step', 'documents', 'reason', drop_reason, 'is_expected', true),
    named_struct('is_row', fault IS NULL AND drop_reason IS NULL, 'position', 4, 'step', 'first-ranked', 'reason', NULL, 'is_expected', NULL)
  ), s -> s.is_row)) s
)
SELECT crawl, position, step, reason, is_expected, sum(n_rows) AS n_rows, sum(n_tokens) AS n_tokens
FROM (SELECT * FROM records UNION ALL SELECT * FROM steps) GROUP BY crawl, position, step, reason, is_expected
