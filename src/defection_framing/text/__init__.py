"""Texts made comparable: masked by role, and embedded."""
