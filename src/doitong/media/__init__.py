"""Films and pictures as files: probed, checked, cleaned, with a poster."""
