import type { ReactNode } from "react";
import { Link } from "../../components/Link";
import { useRoute } from "../../state/route";
import { chooseRange } from "../RangePicker";
import { edge, useZone } from "../zone";
import { both, rowsAt, segmentWhere, useLooked } from "./at";

interface Props {
  /** What was measured then, by name. */
  values: { name: string; value: string }[];
  segment: string | undefined;
}

/** The time that was clicked: what was measured then, and the ways to the rows behind it. */
export function LookedAt({ values, segment }: Props): ReactNode {
  const [looked, , stop] = useLooked();
  const [zone] = useZone();
  const { path, query } = useRoute();
  if (!looked) return null;
  const { at: _at, ...rest } = query;
  return (
    <section className="looked" aria-live="polite" aria-label="The time you look at">
      <b>
        {edge(looked.from, zone)} to {edge(looked.to, zone)}
      </b>
      <ul>
        {values.map(({ name, value }) => (
          <li key={name}>
            <span className="soft">{name}</span> {value}
          </li>
        ))}
      </ul>
      <span className="acts">
        <Link to={rowsAt(looked, both(segmentWhere(segment)))} className="button">
          Show its rows
        </Link>
        <button type="button" className="button" onClick={() => chooseRange(rest, path, looked)}>
          Show only this time
        </button>
        <button type="button" className="text-button" onClick={stop}>
          Let go
        </button>
      </span>
    </section>
  );
}
