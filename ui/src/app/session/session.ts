import { type QueryClient, useQuery } from "@tanstack/react-query";
import type { SessionShown } from "../../api/schema";
import { send, setToken } from "../data/api";
import { ask } from "../data/queries";

export type Scope = SessionShown["may"][number];

/** Who looks at the page; undefined until the server has said so. */
export function useSession(): SessionShown | undefined {
  return useQuery(ask.session()).data;
}

/** Why one may not do what needs a scope: '' where one may. A server that is open asks nobody. */
export function useMay(scope: Scope): string {
  const session = useSession();
  if (!session) return "It is not known yet who you are.";
  return refusal(session, scope);
}

/** As `useMay`, of a session. */
export function refusal(session: SessionShown, scope: Scope): string {
  if (session.may.includes(scope)) return "";
  const role = session.role ?? "reader";
  if (scope === "admin") return `Only an administrator may do that; you are ${withArticle(role)}.`;
  return `You are ${withArticle(role)} and may look; an administrator can change your role.`;
}

const withArticle = (role: string): string => `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`;

/** Who has signed in, with the password that they gave. */
export async function signIn(client: QueryClient, name: string, password: string): Promise<void> {
  enter(client, await send<SessionShown>("POST", "/v1/session", { name, password }));
}

/** A new password; all other sessions end. */
export async function changePassword(
  client: QueryClient,
  old: string,
  next: string,
): Promise<void> {
  enter(client, await send<SessionShown>("PUT", "/v1/session/password", { old, new: next }));
}

/** Ends the session; nothing that was read stays in the page. */
export async function signOut(client: QueryClient): Promise<void> {
  await send("DELETE", "/v1/session");
  setToken(null);
  client.clear();
  location.reload();
}

function enter(client: QueryClient, session: SessionShown): void {
  setToken(session.csrf);
  client.setQueryData(ask.session().queryKey, session);
  void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
}
