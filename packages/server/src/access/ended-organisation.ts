import { problem, type HttpProblem } from "../api/problem.ts";

/** What everybody of an ended organisation is told, whatever was shown: nothing of theirs is gone, and nobody signs in. */
export function organisationOver(): HttpProblem {
  return problem(401, "organisation_ended", "your organisation no longer takes part here", {
    remedy: "What it recorded is kept. Ask the operator of this installation.",
  });
}
