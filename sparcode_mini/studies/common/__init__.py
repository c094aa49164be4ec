"""What several studies share: training and measuring one setting, wishes, people."""
