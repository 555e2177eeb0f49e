import { describe, expect, it } from "vitest";
import type { SessionShown } from "../../api/schema";
import { refusal } from "./session";

const session = (over: Partial<SessionShown>): SessionShown => ({
  how: "session",
  name: "ada",
  display_name: "Ada",
  role: "viewer",
  may: ["read"],
  csrf: "token",
  expires: null,
  can_set_password: true,
  ...over,
});

describe("refusal", () => {
  it("is empty for what one may do", () => {
    expect(refusal(session({}), "read")).toBe("");
    expect(refusal(session({ role: "editor", may: ["read", "edit"] }), "edit")).toBe("");
  });
  it("says who one is and who can help", () => {
    expect(refusal(session({}), "edit")).toBe(
      "You are a viewer and may look; an administrator can change your role.",
    );
    expect(refusal(session({ role: "editor", may: ["read", "edit"] }), "admin")).toBe(
      "Only an administrator may do that; you are an editor.",
    );
  });
  it("asks nobody on a server that is open", () => {
    const open = session({ how: "open", role: null, may: ["ingest", "read", "edit", "admin"] });
    expect(refusal(open, "admin")).toBe("");
  });
});
