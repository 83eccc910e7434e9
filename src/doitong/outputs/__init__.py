"""Where films, their previews and uploads are kept."""
