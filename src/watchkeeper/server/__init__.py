"""The HTTP server: one file a resource; each calls `app.live`."""
