import { queryOptions } from "@tanstack/react-query";
import type {
  Alerts,
  AutomationShown,
  Backtested,
  Cards,
  Changes,
  CheckedRules,
  Figures,
  History,
  IncidentShown,
  Messages,
  OnCallFile,
  OnCallNow,
  RunbookShown,
  Runbooks,
  RunShown,
  Runs,
} from "../../api/schema";
import { addressOf, at, get, type Params, send } from "../data/api";

/** An alert as Alertmanager's API shows it: also those that other programs have raised. */
export interface ForeignAlert {
  fingerprint: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  updatedAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: { state: string; silencedBy: string[]; inhibitedBy: string[]; mutedBy: string[] };
}

export interface SilenceMatcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

export interface Silence {
  id: string;
  matchers: SilenceMatcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
  status: { state: "active" | "pending" | "expired" };
}

/** What a condition compared with what, hour by hour; the columns are of one length. */
export interface Compared {
  at: number[];
  value: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  limit: (number | null)[];
  rows: number[];
  truth: ("true" | "false" | "no_data" | "error")[];
  name: string | null;
  operator: string | null;
  unit: string;
}

/** One alert of a rule over the past. */
export interface Tried {
  group: string;
  alert: string;
  number: number;
  model: string;
  version: string | null;
  segment: string | null;
  error: string | null;
  summary: {
    days: number;
    alarms: number;
    told: number;
    hours_firing: number;
    longest_hours: number;
    share_firing: number;
    pending: number;
    flapped: number;
    hours_no_data: number;
  } | null;
  firings: { pending_since: string; fired_at: string; until: string | null; peak: number | null }[];
  no_data: { start: string; until: string | null }[];
  points: Compared | null;
}

export interface Backtest extends Omit<Backtested, "rules"> {
  rules: Tried[];
}

const question = <T>(key: readonly unknown[], path: string, params: Params = {}) =>
  queryOptions({
    queryKey: [...key, path, params],
    queryFn: ({ signal }) => get<T>(path, params, signal),
  });

const YAML = "application/yaml";

export const asking = {
  alerts: () => question<Alerts>(["alerts"], "/v1/alerts", { every: true }),
  foreign: () => question<ForeignAlert[]>(["alerts", "foreign"], "/api/v2/alerts"),
  silences: () => question<Silence[]>(["silences"], "/api/v2/silences"),
  history: (params: Params) => question<History>(["history"], "/v1/history", params),
  changes: (model: string, window: string) =>
    question<Changes>(["changes"], at`/v1/models/${model}/changes`, { window }),
  messages: () => question<Messages>(["messages"], "/v1/messages", { limit: 500 }),
  cards: () => question<Cards>(["cards"], "/v1/metrics"),
  incident: (number: string) => question<IncidentShown>(["incidents"], at`/v1/incidents/${number}`),
  figures: () => question<Figures>(["incidents", "figures"], "/v1/incidents/figures"),
  onCall: (days: number) => question<OnCallNow>(["oncall"], "/v1/oncall/now", { days }),
  onCallFile: () => question<OnCallFile>(["oncall", "file"], "/v1/oncall"),
  runbooks: () => question<Runbooks>(["runbooks"], "/v1/runbooks"),
  runbook: (name: string) => question<RunbookShown>(["runbooks"], at`/v1/runbooks/${name}`),
  runs: () => question<Runs>(["runs"], "/v1/runs"),
  run: (number: number) => question<RunShown>(["runs"], at`/v1/runs/${number}`),
  automation: () => question<AutomationShown>(["automation"], "/v1/automation"),

  /** When the rules of a text would have fired; the answer to one text never changes soon. */
  backtest: (text: string, window: string, model: string | null) =>
    queryOptions({
      queryKey: ["backtest", text, window, model],
      queryFn: async () => ({
        ...(await send<Backtest>(
          "POST",
          addressOf("/v1/rules/backtest", { window, model: model ?? undefined, points: true }),
          text,
          YAML,
        )),
        text,
      }),
      staleTime: 60_000,
      refetchInterval: 60_000,
    }),
  check: (text: string) =>
    queryOptions({
      queryKey: ["rules", "check", text],
      queryFn: () => send<CheckedRules>("POST", "/v1/rules/check", text, YAML),
      staleTime: Number.POSITIVE_INFINITY,
      refetchInterval: false,
      retry: false,
    }),
};

export const putRules = (name: string, text: string) =>
  send("PUT", at`/v1/rules/${name}`, text, YAML);
export const dropRules = (name: string) => send("DELETE", at`/v1/rules/${name}`);
