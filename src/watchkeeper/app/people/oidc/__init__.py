"""Sign-in elsewhere, with OpenID Connect: where that is, and what is believed of what it says."""
