"""How changes are told: one view, and its renderings."""
