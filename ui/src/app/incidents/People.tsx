import { type ReactNode, useState } from "react";
import type { IncidentShown } from "../../api/schema";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { Ask, NameField, nameIn, Press } from "../Act";
import { useMay } from "../session/session";
import { moment, useZone } from "../zone";
import { ROLES } from "./events";
import { happen } from "./IncidentActions";

type Role = keyof typeof ROLES;

/** Who holds which role, now and before. */
export function People({ incident }: { incident: IncidentShown }): ReactNode {
  const may = useMay("edit");
  const [zone] = useZone();
  const [asked, setAsked] = useState<Role | null>(null);
  return (
    <Section id="roles" title="Roles">
      <dl className="does roles">
        {(Object.keys(ROLES) as Role[]).map((role) => {
          const held = incident.roles.filter((each) => each.role === role);
          const now = held.find((each) => each.until === null);
          const before = held.filter((each) => each.until !== null);
          return (
            <div className="contents" key={role}>
              <dt>{ROLES[role]}</dt>
              <dd>
                {now ? (
                  <>
                    <Name text={now.person} />{" "}
                    <span className="soft">since {moment(now.since, zone)}</span>
                  </>
                ) : (
                  <span className="faint">nobody</span>
                )}
                {before.length ? (
                  <span className="faint">
                    , before: {before.map((each) => each.person).join(", ")}
                  </span>
                ) : null}{" "}
                <Press refusal={may} onPress={() => setAsked(role)}>
                  {now ? "Hand over" : "Assign"}
                </Press>
              </dd>
            </div>
          );
        })}
      </dl>
      {asked ? (
        <Ask
          title={`${ROLES[asked]} of incident ${incident.number}`}
          isOpen
          onClose={() => setAsked(null)}
          verb="Assign the role"
          lead="Whoever held it hands it over; the timeline says so."
          onSubmit={(form) =>
            happen(incident, "role", {
              role: asked,
              person: String(form.get("person")),
              by: nameIn(form) || undefined,
            })
          }
        >
          <label htmlFor="person">Who takes it</label>
          <input id="person" name="person" required maxLength={200} />
          <NameField />
        </Ask>
      ) : null}
    </Section>
  );
}
