"""The content security policy of every page of ours: nothing inline, nothing from elsewhere."""

from urllib.parse import urlsplit


def content_policy(cdn_base_url: str) -> str:
    """Our own files only, plus films and posters from the CDN; `blob:` is a picture that the page itself has read."""
    parts = urlsplit(cdn_base_url)
    cdn = f"{parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob: {cdn}; media-src 'self' {cdn}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
