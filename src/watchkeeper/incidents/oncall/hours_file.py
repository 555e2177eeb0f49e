"""Hours of weekdays, as people write them: `{days: [mon-thu, sat], from: 08:00, to: 20:00}`."""

from __future__ import annotations

from datetime import time

from watchkeeper.files.nodes import Fields, Node
from watchkeeper.files.reader import Reader
from watchkeeper.incidents.oncall.schedule import EVERY_DAY, Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class HoursReader(Reader):
    """Makes hours of nodes."""

    def hours(self, node: Node) -> Hours | None:
        """Hours of weekdays."""
        return self.hours_of(self.mapping(node, "hours", ("days", "from", "to")))

    def hours_of(self, found: Fields) -> Hours | None:
        """Hours from the keys of a mapping that may have others beside."""
        days = self.days(found["days"]) if "days" in found else EVERY_DAY
        start = self.clock(found["from"], "from") if "from" in found else time()
        end = self.clock(found["to"], "to") if "to" in found else time()
        if start is None or end is None or not days:
            return None
        return Hours(days, start, end)

    def days(self, node: Node) -> tuple[int, ...]:
        """Weekdays and ranges of them, such as `[mon-thu, sat]`."""
        found: set[int] = set()
        for item in self.each(node):
            text = (self.content(item, "a weekday") or "").lower().replace(" ", "")
            ends = [part[:3] for part in text.split("-")]
            if not 1 <= len(ends) <= 2 or any(end not in DAYS for end in ends):
                if text:
                    self.wrong(item, f"{text!r} is no weekday; write mon, tue … sun or mon-fri")
                continue
            first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
            found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        return tuple(sorted(found))
