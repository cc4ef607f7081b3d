"""A researcher's own articles: from addresses, files or tables to a coded corpus."""
