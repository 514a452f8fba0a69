"""Customer lifetime value: who is still a customer, how much they will buy, what that is worth."""
