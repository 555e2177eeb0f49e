import { queryOptions } from "@tanstack/react-query";
import type { Decisions, Distributions, History, Overview, Rows, Track } from "../../api/schema";
import { at, get, type Params } from "../data/api";

const question = <T>(name: string, path: string, params: Params = {}) =>
  queryOptions({
    queryKey: [name, path, params],
    queryFn: ({ signal }) => get<T>(path, params, signal),
  });

/** What the pages of one model ask for, beside what all pages do. */
export const askModel = {
  track: (model: string, params: Params) =>
    question<Track>("track", at`/v1/models/${model}/track`, params),
  distributions: (model: string, params: Params) =>
    question<Distributions>("distributions", at`/v1/models/${model}/distributions`, params),
  decisions: (model: string, params: Params) =>
    question<Decisions>("decisions", at`/v1/models/${model}/decisions`, params),
  rows: (model: string, params: Params) =>
    question<Rows>("rows", at`/v1/models/${model}/rows`, params),
  report: (model: string, params: Params) =>
    question<Overview["report"]>("report", at`/v1/models/${model}/report`, params),
  file: (model: string) => question<string>("file", at`/v1/models/${model}/file`),
  history: (model: string) =>
    question<History>("history", "/v1/history", { model, limit: 500, kind: ["state"] }),
};
