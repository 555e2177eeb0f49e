import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Section } from "../../components/Section";
import { Press } from "../Act";
import { asking } from "../alerts/ask";
import { addressOf } from "../data/api";
import { useSession } from "../session/session";

/** The shifts for a calendar of one's own. */
export function Subscribe(): ReactNode {
  const file = useQuery(asking.onCallFile());
  const session = useSession();
  const [user, setUser] = useState("");
  const [said, setSaid] = useState("");
  const path = addressOf("/v1/oncall/calendar.ics", { user });
  const address = `${location.origin}${path}`;
  const copy = () =>
    navigator.clipboard.writeText(address).then(
      () => setSaid("Copied."),
      () => setSaid("The browser does not let it be copied; mark the address instead."),
    );
  return (
    <Section
      id="subscribe"
      title="In your calendar"
      lead="A calendar that subscribes to this address stays up to date."
    >
      <p className="tools">
        <label>
          <span className="soft">Shifts of </span>
          <select value={user} onChange={(event) => setUser(event.target.value)}>
            <option value="">everybody</option>
            {(file.data?.users ?? []).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <code className="address">{address}</code>
        <Press onPress={() => void copy()}>Copy the address</Press>
        <a className="button" href={path} download="on-call.ics">
          Download once
        </a>
        <span role="status" className="soft">
          {said}
        </span>
      </p>
      {session?.how === "open" ? null : (
        <p className="soft">
          Where the calendar asks for a name and a password: the name is <code>key</code>, the
          password an API key that may read.
        </p>
      )}
    </Section>
  );
}
