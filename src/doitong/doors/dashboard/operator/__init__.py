"""The operator's pages: rows of Access.OPERATOR, which read as unknown to everybody else."""

from doitong.doors.dashboard.operator import (
    accounts,
    audit,
    credits,
    deliveries,
    engines,
    overview,
    payments,
    prices,
    unknown,
)

ROUTES = (
    *overview.ROUTES,
    *accounts.ROUTES,
    *credits.ROUTES,
    *engines.ROUTES,
    *unknown.ROUTES,
    *deliveries.ROUTES,
    *payments.ROUTES,
    *prices.ROUTES,
    *audit.ROUTES,
)
