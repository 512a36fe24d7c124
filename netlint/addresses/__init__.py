"""Who claims which addresses, where claims meet, and what is still free."""
