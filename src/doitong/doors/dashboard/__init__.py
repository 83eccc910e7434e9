"""The dashboard: pages for members, rendered on the server. Sections are modules with a table of routes each."""
