# Databricks notebook source
# MAGIC %md
# MAGIC # A walk through a webstrata lake
# MAGIC
# MAGIC From pages to a mixture whose every token is explained, in SQL and Python. It needs a lake: on a laptop
# MAGIC `webstrata demo` makes one below `./webstrata-demo`; elsewhere set the widget `lake` to a path or to
# MAGIC `catalog.schema`. It runs unchanged on Databricks, on a classic Spark session and through Spark Connect.

# COMMAND ----------

# DBTITLE 1,Open the lake
from etl import Lake, find_spec, make_plan, mix

dbutils.widgets.text("lake", "./webstrata-demo/lake")

lake = Lake.open(spark, dbutils.widgets.get("lake"))
lake.refresh_views()  # the tables and views by their plain names, for the SQL below

# COMMAND ----------

# MAGIC %md
# MAGIC ## What came in, and what became of it
# MAGIC
# MAGIC Nothing is lost in silence: each step of the funnel says what it keeps, and what it drops by reason.

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT step, coalesce(reason, '(in)') AS reason, is_expected, n_rows, n_tokens
# MAGIC FROM funnel
# MAGIC ORDER BY crawl, position, reason NULLS FIRST

# COMMAND ----------

# DBTITLE 1,Every byte of every file belongs to a record or to a gap
# MAGIC %sql
# MAGIC SELECT warc_file, size_bytes, aggregate(map_values(n_bytes), 0L, (a, b) -> a + b) AS accounted_for, gaps
# MAGIC FROM files
# MAGIC ORDER BY warc_file

# COMMAND ----------

# DBTITLE 1,What is broken, with an example each
# MAGIC %sql
# MAGIC SELECT fault, count(*) AS n, min_by(warc_file, warc_offset) AS warc_file, min(warc_offset) AS warc_offset
# MAGIC FROM quarantine
# MAGIC GROUP BY fault

# COMMAND ----------

# MAGIC %md
# MAGIC ## Two axes: what pages are about, and what kind of pages they are

# COMMAND ----------

corpus = lake.table("corpus")
display(corpus.groupBy("topic.label", "format.label").count().orderBy("count", ascending=False).limit(20))

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT topic.label AS topic, count(*) AS n_documents, sum(n_tokens) AS n_tokens,
# MAGIC   round(avg(quality.score), 3) AS mean_quality
# MAGIC FROM corpus
# MAGIC GROUP BY 1
# MAGIC ORDER BY n_tokens DESC

# COMMAND ----------

# DBTITLE 1,Where a classifier hesitates
# MAGIC %sql
# MAGIC SELECT url, format.label, format.score, format.second_label, format.second_score
# MAGIC FROM corpus
# MAGIC ORDER BY format.score - format.second_score
# MAGIC LIMIT 5

# COMMAND ----------

# MAGIC %md
# MAGIC ## Reasons not to use a page
# MAGIC
# MAGIC A flag is a SQL condition over what was said. Nothing is deleted: a mixture's `where` decides, as `NOT gopher.flagged`.

# COMMAND ----------

# DBTITLE 1,What each flag of a preset drops: alone, as the first, and only it
# MAGIC %sql
# MAGIC SELECT coalesce(flag, '(kept)') AS flag, n_pages, n_tokens, n_first_pages, n_only_pages
# MAGIC FROM flag_funnel
# MAGIC WHERE preset = 'gopher' AND `by` = 'all'
# MAGIC ORDER BY crawl, position

# COMMAND ----------

# DBTITLE 1,A page with its measures and its flags
# MAGIC %sql
# MAGIC SELECT url, gopher.n_words, gopher.too_short, gopher.dup_line_ratio, gopher.too_many_dup_lines, dclm.flagged
# MAGIC FROM documents
# MAGIC ORDER BY gopher.flagged DESC, url
# MAGIC LIMIT 5

# COMMAND ----------

# MAGIC %md
# MAGIC ## A mixture: a spec, a plan, a selection
# MAGIC
# MAGIC A spec says what is wanted. The plan is arithmetic: what each stratum is to give. Nothing is written yet.

# COMMAND ----------

spec = find_spec("demo").but(name="from_notebook", token_budget=12_000)
plan = make_plan(lake, spec)
for quota in plan.quotas:
    print(f"{quota.stratum:40} {quota.target_tokens:8,} of {quota.available_tokens:8,} tokens")

# COMMAND ----------

# DBTITLE 1,Write a version; the same spec on the same inputs again is nothing to do
first, second = mix(lake, spec), mix(lake, spec)
assert (first.version, first.identity) == (second.version, second.identity)
assert not second.is_new
print(f"version {first.version}, identity {first.identity[:12]}…")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT mixture, version, n_strata, target_tokens, taken_tokens, taken_pages, n_short_strata, seed, models
# MAGIC FROM mixture_card
# MAGIC ORDER BY mixture, version

# COMMAND ----------

# DBTITLE 1,A larger budget holds the smaller one
small = mix(lake, spec.but(name="tenth", order={"pick": "random"}, token_budget=2_000))
large = mix(lake, spec.but(name="fifth", order={"pick": "random"}, token_budget=4_000))
pages = lake.table("mixtures").select("mixture", "version", "page_id")
small_pages = pages.where(f"mixture = 'tenth' AND version = {small.version}").select("page_id")
large_pages = pages.where(f"mixture = 'fifth' AND version = {large.version}").select("page_id")
assert small_pages.subtract(large_pages).count() == 0

# COMMAND ----------

# DBTITLE 1,Why is this page in there?
# MAGIC %sql
# MAGIC SELECT m.stratum, m.copies, m.n_tokens, m.url, m.warc_file, m.warc_offset, p.target_tokens, p.cut
# MAGIC FROM mixtures m JOIN mixture_plans p USING (mixture, version, stratum)
# MAGIC WHERE mixture = 'from_notebook'
# MAGIC ORDER BY m.stratum, m.page_id
# MAGIC LIMIT 5

# COMMAND ----------

# DBTITLE 1,Who did what, from what
# MAGIC %sql
# MAGIC SELECT job, scope, n_in, n_out, faults, release, started_at, ended_at FROM runs ORDER BY started_at
