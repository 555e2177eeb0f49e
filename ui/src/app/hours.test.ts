import { expect, it } from "vitest";
import { hourOf, hoursOf } from "./hours";

it("takes the whole hours of a range", () => {
  const [from, to] = [Date.parse("2013-04-01T05:10:00Z"), Date.parse("2013-04-01T07:00:00.001Z")];
  expect(hoursOf(from, to)).toEqual({ from: "2013-04-01T05:00:00Z", to: "2013-04-01T08:00:00Z" });
});
it("leaves times alone that are on the hour", () => {
  const at = Date.parse("2013-04-01T05:00:00Z");
  expect([hourOf(at), hourOf(at, true)]).toEqual(["2013-04-01T05:00:00Z", "2013-04-01T05:00:00Z"]);
});
