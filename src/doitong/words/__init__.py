"""Words: what people read, in English and Slovenian, from gettext catalogues; numbers and moments as written there."""
