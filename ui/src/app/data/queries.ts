import { keepPreviousData, QueryCache, QueryClient, queryOptions } from "@tanstack/react-query";
import type {
  AccessLogShown,
  Alerts,
  Cards,
  Changes,
  Comparison,
  DashboardShown,
  Dashboards,
  Glance,
  Incidents,
  Keys,
  Lines,
  Messages,
  ModelDetail,
  Models,
  Overview,
  Routes,
  RuleFiles,
  Series,
  SessionShown,
  SessionsShown,
  SignInWays,
  Status,
  Storage,
  UsersShown,
} from "../../api/schema";
import { ApiError, at, get, type Params, setToken } from "./api";

/** How often what is on the screen is asked for again, in milliseconds: what is new is seen within ten seconds, with the time that the answer takes. */
export const LIVE = 7_000;

export function makeClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      // A session that has ended: the page asks who is there, and shows the way in.
      onError: (error, query) => {
        if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== "session")
          void client.invalidateQueries({ queryKey: ["session"] });
      },
    }),
    defaultOptions: {
      queries: {
        refetchInterval: LIVE,
        staleTime: 5_000,
        // What a person can mend is said at once; a server that is away is asked again.
        retry: (count, error) =>
          error instanceof ApiError && (error.status === 0 || error.status >= 500) && count < 2,
        retryDelay: (count) => 500 * 2 ** count,
        placeholderData: keepPreviousData,
      },
    },
  });
  return client;
}

const question = <T>(key: readonly unknown[], path: string, params: Params = {}) =>
  queryOptions({
    queryKey: [...key, path, params],
    queryFn: ({ signal }) => get<T>(path, params, signal),
  });

/** Whether two answers hold the same numbers, so that nothing need be drawn anew. */
function isSame(before: Lines | undefined, now: Lines): boolean {
  if (!before || before.lines.length !== now.lines.length) return false;
  if (before.window.start !== now.window.start || before.window.end !== now.window.end)
    return false;
  const isAlike = (one: readonly unknown[], other: readonly unknown[]) =>
    one.length === other.length && one.every((value, place) => value === other[place]);
  return (
    isAlike(before.starts, now.starts) &&
    before.lines.every((line, place) => isAlike(line.values, now.lines[place]?.values ?? []))
  );
}

/** Who asks; the token that changes need is kept where requests find it. */
const session = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: async ({ signal }) => {
      const found = await get<SessionShown>("/v1/session", {}, signal);
      setToken(found.csrf);
      return found;
    },
    refetchInterval: 60_000,
    placeholderData: undefined,
  });

export const ask = {
  session,
  waysIn: () => question<SignInWays>(["ways"], "/v1/session/ways"),
  models: () => question<Models>(["models"], "/v1/models"),
  model: (model: string) => question<ModelDetail>(["model"], at`/v1/models/${model}`),
  glance: (model: string, window: string) =>
    question<Glance>(["glance"], at`/v1/models/${model}/glance`, { window }),
  overview: (model: string, params: Params) =>
    question<Overview>(["overview"], at`/v1/models/${model}/overview`, params),
  series: (model: string, params: Params) =>
    question<Series>(["series"], at`/v1/models/${model}/metrics`, params),
  lines: (model: string, params: Params) =>
    queryOptions({
      ...question<Lines>(["lines"], at`/v1/models/${model}/lines`, params),
      // Hundreds of thousands of numbers: looked through, never copied.
      structuralSharing: (before, now) =>
        isSame(before as Lines | undefined, now as Lines) ? before : now,
    }),
  compare: (model: string, params: Params) =>
    question<Comparison>(["compare"], at`/v1/models/${model}/compare`, params),
  changes: (model: string, window: string) =>
    question<Changes>(["changes"], at`/v1/models/${model}/changes`, { window }),
  alerts: (params: Params = {}) => question<Alerts>(["alerts"], "/v1/alerts", params),
  rules: () => question<RuleFiles>(["rules"], "/v1/rules"),
  dashboards: () => question<Dashboards>(["dashboards"], "/v1/dashboards"),
  dashboard: (name: string) => question<DashboardShown>(["dashboards"], at`/v1/dashboards/${name}`),
  storage: () => question<Storage>(["storage"], "/v1/storage"),
  keys: () => question<Keys>(["keys"], "/v1/keys"),
  users: () => question<UsersShown>(["users"], "/v1/users"),
  sessions: (params: Params = {}) => question<SessionsShown>(["sessions"], "/v1/sessions", params),
  accessLog: (params: Params = {}) =>
    question<AccessLogShown>(["access-log"], "/v1/access-log", params),
  routes: () => question<Routes>(["routes"], "/v1/routes"),
  messages: (params: Params = {}) => question<Messages>(["messages"], "/v1/messages", params),
  metrics: () => question<Cards>(["metrics"], "/v1/metrics"),
  incidents: (params: Params = {}) => question<Incidents>(["incidents"], "/v1/incidents", params),
  status: () => question<Status>(["status"], "/v1/status"),
};
