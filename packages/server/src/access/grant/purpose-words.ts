import { problem } from "../../api/problem.ts";
import type { PolicySet } from "../policy/policy-set.ts";

/** Throws 422 where purpose or ground is no word of the policies. */
export function checkPurposeWords(
  { purposes, grounds }: Pick<PolicySet, "purposes" | "grounds">,
  said: { readonly purpose: string; readonly ground: string },
): void {
  if (!purposes.includes(said.purpose)) {
    const remedy = `Choose one of ${purposes.join(", ")}.`;
    throw problem(422, "purpose_unknown", "there is no such purpose", { pointer: "/purpose", remedy });
  }
  if (!grounds.includes(said.ground)) {
    const remedy = `Choose one of ${grounds.join(", ")}.`;
    throw problem(422, "ground_unknown", "there is no such legal ground", { pointer: "/ground", remedy });
  }
}
