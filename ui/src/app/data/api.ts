/** Requests to the server that the page came from. */

/** What the server said was wrong; `status` is 0 where it did not answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Names the request in the server's log. */
  readonly reference: string;

  constructor(status: number, code: string, message: string, reference = "") {
    super(message.charAt(0).toUpperCase() + message.slice(1));
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.reference = reference;
  }
}

export type Params = Record<string, string | number | boolean | readonly string[] | undefined>;

let csrf = "";

/** The token that a session asks for with every change. */
export function setToken(token: string | null | undefined): void {
  csrf = token ?? "";
}

/** Path and query; parts of the path are quoted by `at`. */
export function addressOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** A path whose parts are quoted: at`/v1/models/${name}`. */
export const at = (parts: TemplateStringsArray, ...names: (string | number)[]): string =>
  String.raw({ raw: parts }, ...names.map((name) => encodeURIComponent(String(name))));

export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return (await ask("GET", addressOf(path, params), undefined, signal)) as T;
}

export interface Sent {
  /** What kind of text the body is; JSON where it is none. */
  type?: string;
  headers?: Record<string, string>;
}

/** Sends JSON, or text where it is said of what kind. */
export async function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  how: string | Sent = {},
): Promise<T> {
  const { type = "application/json", headers = {} } = typeof how === "string" ? { type: how } : how;
  const text = body === undefined ? undefined : type.endsWith("json") ? JSON.stringify(body) : body;
  return (await ask(method, path, { text: text as string | undefined, type, headers })) as T;
}

async function ask(
  method: string,
  address: string,
  sent?: { text: string | undefined; type: string; headers: Record<string, string> },
  signal?: AbortSignal,
): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(address, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...sent?.headers,
        ...(sent?.text === undefined ? {} : { "Content-Type": sent.type }),
        ...(method !== "GET" && csrf ? { "X-CSRF-Token": csrf } : {}),
      },
      ...(sent?.text === undefined ? {} : { body: sent.text }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "no_answer", "The server does not answer.");
  }
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const text = await answer.text();
  // An answer may say that it is JSON and be empty, such as that to a deletion.
  const body: unknown = isJson && text ? JSON.parse(text) : text;
  if (answer.ok) return body;
  const said = (body as { error?: { code?: string; message?: string } }).error;
  throw new ApiError(
    answer.status,
    said?.code ?? "failed",
    said?.message ?? `The server answered ${answer.status}.`,
    answer.headers.get("x-request-id") ?? "",
  );
}
