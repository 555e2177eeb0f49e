import type { IncidentShown } from "../../api/schema";

type State = IncidentShown["state"];

/** What is done to bring an incident into a state. */
export interface Step {
  event: string;
  /** On its button: a verb with its object. */
  verb: string;
  lead: string;
  /** What the text of it is asked as; '' where none is needed. */
  asks: string;
  isTextNeeded: boolean;
}

const STEPS: Partial<Record<State, Step>> = {
  acknowledged: {
    event: "acknowledge",
    verb: "Acknowledge",
    lead: "You have it: nobody else is paged, and its alerts are not repeated.",
    asks: "What you will do first (optional)",
    isTextNeeded: false,
  },
  investigating: {
    event: "investigate",
    verb: "Begin to investigate",
    lead: "Whoever looks sees that somebody works on it.",
    asks: "Where you look (optional)",
    isTextNeeded: false,
  },
  mitigated: {
    event: "mitigate",
    verb: "Call it mitigated",
    lead: "People are no longer hurt; the cause may still be there.",
    asks: "What helped",
    isTextNeeded: true,
  },
  resolved: {
    event: "resolve",
    verb: "Resolve the incident",
    lead: "It is over. Where its alert fires anew within 24 hours, it opens again.",
    asks: "How it was mended",
    isTextNeeded: true,
  },
  closed: {
    event: "close",
    verb: "Close the incident",
    lead: "The post-mortem is written, and nothing is left to do.",
    asks: "Anything to add (optional)",
    isTextNeeded: false,
  },
  open: {
    event: "reopen",
    verb: "Open it again",
    lead: "Who is on call is told again, from the first step of the chain.",
    asks: "Why",
    isTextNeeded: true,
  },
  false_alarm: {
    event: "false_alarm",
    verb: "Call it a false alarm",
    lead: "Nothing was broken. It counts as a false alarm in the figures; the rule may want a look.",
    asks: "What it was instead",
    isTextNeeded: true,
  },
  merged: {
    event: "merge",
    verb: "Merge into another incident",
    lead: "Its alerts and its timeline go on there.",
    asks: "",
    isTextNeeded: false,
  },
};

/** The step that leads to a state; null where people take none. */
export function stepTo(state: State, now: State): Step | null {
  // What is over can only be opened again; there 'investigating' would be the same.
  const step = STEPS[state];
  if (!step) return null;
  if (state === "acknowledged" && now === "acknowledged") {
    return { ...step, verb: "Acknowledge anew" };
  }
  return step;
}

const ORDER: State[] = ["acknowledged", "investigating", "mitigated", "resolved", "closed", "open"];

/** The steps that are possible, the usual next one first; merging and false alarms apart. */
export function stepsOf(incident: Pick<IncidentShown, "possible" | "state">): {
  main: State[];
  rest: State[];
} {
  const main = ORDER.filter((state) => incident.possible.includes(state));
  const rest = (["false_alarm", "merged"] as State[]).filter((state) =>
    incident.possible.includes(state),
  );
  return { main, rest };
}

const DUE: Record<string, string> = {
  acknowledge: "somebody must acknowledge it",
  update: "the next update is due",
  resolve: "it closes by itself",
  post_mortem: "the post-mortem is due",
};

/** What is due, in words. */
export const dueWords = (what: string): string => DUE[what] ?? what;

export const ROLES = {
  commander: "Commander",
  operations: "Operations",
  communications: "Communications",
  scribe: "Scribe",
} as const;

export const SEVERITIES = ["SEV-0", "SEV-1", "SEV-2", "SEV-3"] as const;
export const CLASSES = ["data", "drift", "model", "service", "infrastructure", "security"] as const;
