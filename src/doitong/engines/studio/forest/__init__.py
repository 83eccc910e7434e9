"""Inside a wood: trunks, foliage and undergrowth at their own depths, with light falling through the canopy."""
