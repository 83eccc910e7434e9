"""The public pages: landing, reference, errors, explorer."""
