"""PostgreSQL: the embedded server, the pool, transactions, migrations, notifications and the job queue."""
