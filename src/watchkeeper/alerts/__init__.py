"""From alerts to messages: routes, groups, silences, inhibition, hours; no input or output."""
