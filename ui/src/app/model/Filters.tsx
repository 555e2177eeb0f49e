import type { ReactNode } from "react";
import type { ModelDetail } from "../../api/schema";
import { useChoice } from "../../state/route";

/** The version and the segment that all of the page is about. */
export function Filters({ model }: { model: ModelDetail }): ReactNode {
  const [version, chooseVersion] = useChoice("version");
  const [segment, chooseSegment] = useChoice("segment");
  const segments = Object.entries(model.segments);
  return (
    <span className="filters">
      {model.versions.length > 1 || version ? (
        <label>
          <span className="soft">Version</span>
          <select value={version} onChange={(event) => chooseVersion(event.target.value)}>
            <option value="">all</option>
            {model.versions.map((each) => (
              <option key={each.version} value={each.version}>
                {each.version}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {segments.length ? (
        <label>
          <span className="soft">Segment</span>
          <select value={segment} onChange={(event) => chooseSegment(event.target.value)}>
            <option value="">all rows</option>
            {segments.map(([column, values]) => (
              <optgroup key={column} label={column}>
                {values.map((value) => (
                  <option key={value} value={`${column}:${value}`}>
                    {value}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
      ) : null}
    </span>
  );
}
