"""The jobs: they read tables, apply steps and write tables; each runs under spark-submit too."""
