"""Who is on call, and whom to tell next. Pure: the time is an argument, deadlines are data."""
