-- What each flag drops of the corpus: alone, as the first of its preset, and only it; in all and by language, topic, format, host
WITH judged AS (
  SELECT crawl, {cuts} AS cuts, coalesce(n_tokens, 0) AS n_tokens, explode({judgements}) AS j
  FROM {corpus}
),
hits AS (
  SELECT crawl, cuts, n_tokens, j.preset AS preset, size(j.hits) AS n_hits, posexplode_outer(j.hits) AS (i, hit)
  FROM judged
),
counted AS (
  SELECT preset, crawl, inline(cuts), coalesce(hit.position, 0) AS position, hit.flag AS flag,
    n_tokens, hit IS NOT NULL AND i = 0 AS is_first, hit IS NOT NULL AND n_hits = 1 AS is_only
  FROM hits
)
SELECT preset, crawl, `by`, value, position, flag, count(*) AS n_pages, sum(n_tokens) AS n_tokens,
  count_if(is_first) AS n_first_pages, sum(if(is_first, n_tokens, 0)) AS n_first_tokens,
  count_if(is_only) AS n_only_pages, sum(if(is_only, n_tokens, 0)) AS n_only_tokens
FROM counted
GROUP BY preset, crawl, `by`, value, position, flag
