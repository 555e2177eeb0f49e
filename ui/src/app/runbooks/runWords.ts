import type { RunLine, StepShown } from "../../api/schema";
import type { Reading } from "../../lib/words";

/** What a run is about: an incident, an alert, or a model. */
export interface About {
  incident?: number;
  alert?: string;
  target?: string;
}

/** How a run stands, in a word. */
export function readRun(run: RunLine): Reading {
  if (run.waits_for_approval) return { word: "waits for approval", tone: "warn" };
  if (run.kind === "check" && run.status) return readCheck(run.status);
  switch (run.state) {
    case "waiting":
      return { word: "waits", tone: "warn" };
    case "running":
    case "retrying":
      return { word: "at work", tone: "warn" };
    case "verifying":
      return { word: "done, effect is measured", tone: "warn" };
    case "effective":
      return { word: "helped", tone: "pass" };
    case "ineffective":
      return { word: "did not help", tone: "fail" };
    case "done":
      return { word: run.dry_run ? "shown, not done" : "done", tone: "pass" };
    case "failed":
      return { word: "failed", tone: "fail" };
    case "unknown":
      return { word: "unknown", tone: "fail" };
    case "expired":
      return { word: "nobody approved in time", tone: "none" };
    default:
      return { word: "refused", tone: "none" };
  }
}

function readCheck(status: NonNullable<RunLine["status"]>): Reading {
  if (status === "ok") return { word: "well", tone: "pass" };
  if (status === "failed") return { word: "not well", tone: "fail" };
  return { word: status === "timed_out" ? "took too long" : "unknown", tone: "none" };
}

const KINDS: Record<StepShown["kind"], string> = {
  check: "check",
  webhook: "sends a request",
  command: "runs a program",
  ansible: "runs an Ansible playbook",
  kubernetes_scale: "scales on Kubernetes",
  kubernetes_rollout_undo: "takes a rollout back on Kubernetes",
  mlflow: "changes the model registry",
  fallback: "answers with the fallback",
};

/** What a kind of step does. */
export const kindWords = (kind: StepShown["kind"]): string => KINDS[kind];

/** What a step does, as lines of names and values. */
export function doesLines(does: Record<string, unknown>): [string, string][] {
  return Object.entries(does)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [
      name.replaceAll("_", " "),
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
}

/** Whether a run is of a step, for the same subject. */
export function isAbout(run: RunLine, runbook: string, step: string, about: About): boolean {
  if (run.runbook !== runbook || run.step !== step) return false;
  if (about.incident !== undefined) return run.incident === about.incident;
  if (about.alert) return run.alert === about.alert;
  return about.target ? run.target === about.target && run.incident === null : true;
}
