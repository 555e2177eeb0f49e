import { expect, it } from "vitest";
import { isAge, measureOf } from "./words";

it("names the time since the last record for what it is", () => {
  const age = { name: "throughput", operator: "absent", limit: [900, 900] };
  expect([isAge(age), measureOf(age)]).toEqual([true, "Time without a prediction"]);
});
it("takes any other number by its name", () => {
  const gone = { name: "accuracy", operator: "absent", limit: [null, null] };
  expect([isAge(gone), measureOf(gone)]).toEqual([false, "accuracy"]);
  expect(measureOf({ name: "accuracy", operator: "<", limit: [0.9] })).toBe("accuracy");
});
