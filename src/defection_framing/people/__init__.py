"""People check the codes: sheets to fill in, agreement, corrected estimates."""
