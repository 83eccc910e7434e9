"""Doitong: one API over video engines, with durable jobs and exact credits."""

__version__ = "0.1.0"
