"""Ways to tell somebody: one kind of receiver a file, all behind `base.Channel`.

`receivers.channels_of` makes channels from a configuration, `content.content_of` the words from a
notification, and `delivery.next_try` says when what did not arrive is sent again.
"""
