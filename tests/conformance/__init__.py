"""Cases of SQL and expected records, run through the whole data path. See README.md."""
