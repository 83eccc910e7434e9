"""Pictures of every page of the dashboard, for people to look at: `make screenshots`."""
