"""Stand-ins of services that others run: servers of their own, faithful enough to test and to stage against."""
