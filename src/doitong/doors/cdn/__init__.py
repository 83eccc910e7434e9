"""The CDN origin: `/outputs/ID.mp4` and its previews, as RFC 9110 and RFC 9111 want a file served."""
