"""Flow that is no place: silk, ink and liquid colour, lit and layered."""
