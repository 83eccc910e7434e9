"""Every route of the dashboard: one line a section."""

from doitong.doors.dashboard import home

ROUTES = (*home.ROUTES,)
