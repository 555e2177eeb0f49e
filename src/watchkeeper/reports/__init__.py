"""The report document for people and machines.

What comes in: a report document, the mapping that `watchkeeper.app.compare` and `track` make. What
goes out: text in a format, or a `Report` to work with. The law: nothing is measured or judged
here, so every format says the same.

- `report`: the document as an object; `compare` and `track` as a notebook calls them.
- `frames`: parts of the document as Arrow tables or data frames.
- `schema`: the JSON Schema of the document.
- `words`: what stands for a verdict, a status and a segment.
- `html`, `json`, `markdown`, `junit`, `terminal`: one format each.
- `saving`: the format of a path, and writing it whole or not at all.
"""
