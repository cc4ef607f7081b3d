"""What readers see: findings and their ledger, pages, the run and its verification."""
