import { type FormEvent, type ReactNode, useState } from "react";
import type { IncidentShown, TimelineEntry } from "../../api/schema";
import { Icon, type IconName } from "../../components/icons";
import { Name } from "../../components/Name";
import { Choices } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { useChoice } from "../../state/route";
import { NameField, nameIn, useAct } from "../Act";
import { useMay } from "../session/session";
import { moment, useZone } from "../zone";
import { happen } from "./IncidentActions";

const ICONS: Record<TimelineEntry["kind"], IconName> = {
  alert: "bell",
  change: "drift",
  action: "settings",
  message: "people",
  note: "about",
  decision: "checks",
  role: "people",
  state: "incident",
};

const KINDS = [
  { value: "", label: "all" },
  { value: "people", label: "what people did" },
  { value: "change", label: "changes" },
];
const PEOPLE = new Set(["note", "decision", "state", "role", "action"]);

/** What happened, in order, and what somebody adds to it. */
export function IncidentTimeline({ incident }: { incident: IncidentShown }): ReactNode {
  const [kind, setKind] = useChoice("kind");
  const [zone] = useZone();
  const shown = incident.timeline.filter((entry) => {
    if (kind === "people") return PEOPLE.has(entry.kind) && entry.actor !== "watchkeeper";
    return kind === "" || entry.kind === kind;
  });
  return (
    <Section
      id="timeline"
      title="Timeline"
      aside={<Choices label="What is shown" value={kind} options={KINDS} onChange={setKind} />}
    >
      <ol className="log timeline">
        {shown.map((entry) => (
          <li key={entry.number}>
            <time dateTime={entry.at}>{moment(entry.at, zone)}</time>
            <span>
              <span className={`kind kind-${entry.kind}`} title={entry.kind}>
                <Icon name={ICONS[entry.kind]} />
              </span>{" "}
              {entry.text}
              {entry.data.proposed ? <span className="faint"> may have to do with it</span> : null}
              {entry.link && /^https?:\/\//.test(entry.link) ? (
                <>
                  {" "}
                  <a href={entry.link} target="_blank" rel="noreferrer">
                    more
                  </a>
                </>
              ) : null}
              {entry.actor === "watchkeeper" ? null : (
                <span className="soft">
                  {" "}
                  – <Name text={entry.actor} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      {shown.length === 0 ? <p className="empty">Nothing of this kind yet.</p> : null}
      <AddNote incident={incident} />
    </Section>
  );
}

const WORDS: [string, string, string][] = [
  ["note", "Add a note", "What you see"],
  ["decision", "Note a decision", "What was decided, and why"],
  ["action", "Note what was done", "What was done"],
];

function AddNote({ incident }: { incident: IncidentShown }): ReactNode {
  const may = useMay("edit");
  const act = useAct();
  const [event, setEvent] = useState("note");
  const [text, setText] = useState("");
  const [, verb, placeholder] = WORDS.find(([name]) => name === event) ?? WORDS[0] ?? ["", "", ""];
  const submit = (submitted: FormEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    const by = nameIn(new FormData(submitted.currentTarget)) || undefined;
    act.run(
      () => happen(incident, event, { text, by }),
      () => setText(""),
    );
  };
  return (
    <form className="fields add-note" onSubmit={submit}>
      <label htmlFor="note-kind" className="hidden-visually">
        What it is
      </label>
      <div className="field-row">
        <select id="note-kind" value={event} onChange={(change) => setEvent(change.target.value)}>
          {WORDS.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <span className="field grow">
          <label htmlFor="note-text" className="hidden-visually">
            {placeholder}
          </label>
          <input
            id="note-text"
            value={text}
            required
            maxLength={20_000}
            placeholder={placeholder}
            onChange={(change) => setText(change.target.value)}
          />
        </span>
      </div>
      {text ? <NameField /> : null}
      {act.failure}
      {text ? (
        <div className="buttons">
          <button
            type="submit"
            className="button primary"
            disabled={may !== "" || act.isBusy}
            title={may || undefined}
          >
            {verb}
          </button>
        </div>
      ) : null}
    </form>
  );
}
