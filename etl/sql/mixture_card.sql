-- What a version of a mixture holds, and what it was made from
SELECT mixture, version, count(*) AS n_strata, sum(target_tokens) AS target_tokens, sum(taken_tokens) AS taken_tokens,
  sum(taken_pages) AS taken_pages, count_if(is_short) AS n_short_strata, max(epochs) AS max_epochs,
  first(spec) AS spec, first(spec_digest) AS spec_digest, first(identity) AS identity, first(seed) AS seed,
  first(models) AS models, first(table_versions) AS table_versions, first(inputs) AS inputs,
  first(release) AS release, first(run_id) AS run_id, first(created_at) AS created_at
FROM {mixture_plans}
GROUP BY mixture, version
