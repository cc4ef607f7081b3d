"""The questions of the study, a module for each, named as its notebook."""
