"""Where a film comes from, written into the film: C2PA manifests under the installation's own certificate."""
