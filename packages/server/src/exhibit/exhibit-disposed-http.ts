import { problem } from "../api/problem.ts";

/** The answer for content whose time was over. */
export function exhibitDisposed(at: string) {
  return problem(410, "exhibit_disposed", `its content was destroyed on ${at}`, {
    remedy: "Digest, custody and the certificate stay: see the retention of its case.",
  });
}
