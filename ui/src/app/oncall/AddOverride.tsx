import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { OnCallFile, ScheduleShown } from "../../api/schema";
import { Ask } from "../Act";
import { asking } from "../alerts/ask";
import { get, send } from "../data/api";
import { Undo } from "../monitors/Undo";
import { withOverride } from "./overrides";

const put = (text: string) => send("PUT", "/v1/oncall", text, "application/yaml");

/** Puts somebody in for a while: one line more in the on-call file. */
export function AddOverride(props: {
  schedules: ScheduleShown[];
  isOpen: boolean;
  onClose: () => void;
}): ReactNode {
  const { schedules, isOpen, onClose } = props;
  const file = useQuery(asking.onCallFile());
  const [name, setName] = useState(schedules[0]?.schedule ?? "");
  const schedule = schedules.find((each) => each.schedule === name);
  const submit = async (form: FormData) => {
    const before = (await get<OnCallFile>("/v1/oncall")).text;
    const override = {
      schedule: name,
      user: String(form.get("user")),
      from: String(form.get("from")),
      to: String(form.get("to")),
    };
    if (override.from >= override.to) throw new Error("It ends before it begins.");
    const text = withOverride(before, override);
    if (text === null) {
      throw new Error(
        "The schedule is not written line by line; add the override to the file, and apply it with `watchkeeper oncall apply`.",
      );
    }
    await put(text);
    notifications.show({
      title: `${override.user} is in for ${name}`,
      message: <Undo work={() => put(before)} />,
      autoClose: 15_000,
    });
  };
  return (
    <Ask
      title="Add an override"
      isOpen={isOpen}
      onClose={onClose}
      verb="Add the override"
      lead="Somebody stands in for whoever would be on call. It is a line more in the on-call file; where you keep that file elsewhere, add it there, too."
      onSubmit={submit}
    >
      <div className="field-row">
        <span className="field">
          <label htmlFor="schedule">Schedule</label>
          <select id="schedule" value={name} onChange={(event) => setName(event.target.value)}>
            {schedules.map((each) => (
              <option key={each.schedule}>{each.schedule}</option>
            ))}
          </select>
        </span>
        <span className="field">
          <label htmlFor="user">Who stands in</label>
          <select id="user" name="user" required>
            {(file.data?.users ?? []).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </span>
      </div>
      <div className="field-row">
        <span className="field">
          <label htmlFor="from">From ({schedule?.zone})</label>
          <input id="from" name="from" type="datetime-local" required />
        </span>
        <span className="field">
          <label htmlFor="to">To ({schedule?.zone})</label>
          <input id="to" name="to" type="datetime-local" required />
        </span>
      </div>
    </Ask>
  );
}
