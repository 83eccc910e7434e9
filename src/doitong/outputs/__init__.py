"""Where films, posters and uploads are kept."""
