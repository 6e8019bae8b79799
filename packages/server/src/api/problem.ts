import { STATUS_CODES } from "node:http";
import type { Problem } from "@tillwatch/wire";

/** `pointer` (RFC 6901) names the place in the body; `remedy` says what the caller can do; the last becomes `Retry-After`. */
export type ProblemMore = {
  readonly pointer?: string;
  readonly remedy?: string;
  readonly retryAfterSeconds?: number;
};

/**
 * An answer that a route gives instead of its own: thrown anywhere below a handler, answered as RFC 9457 problem details.
 * `code` is stable, snake_case, and stands in docs/errors.md. `detail` is shown to the caller: no secret, no personal data.
 */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly code: string;
  readonly more: ProblemMore;

  // Four positions, because status, code and sentence are read as one phrase at every refusal of every route.
  // oxlint-disable-next-line max-params
  constructor(status: number, code: string, detail: string, more: ProblemMore = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

/** Shorthand for `throw problem(...)`. */
// oxlint-disable-next-line max-params -- as the constructor
export function problem(status: number, code: string, detail: string, more: ProblemMore = {}): HttpProblem {
  return new HttpProblem(status, code, detail, more);
}

/** What a caller can do where the refusal says nothing better: nobody is left with a code alone. */
function remedyOf(status: number): string {
  switch (status) {
    case 401:
      return "Send the token as `Authorization: Bearer`, or sign in.";
    case 403:
      return "Ask the administrator.";
    case 404:
      return "Check the path and the id; list what there is.";
    case 405:
      return "Use one of the methods in the header Allow.";
    case 413:
    case 414:
      return "Send less at once.";
    case 429:
      return "Send the same again later.";
    default:
      return status >= 500
        ? "Try again; if it stays, give the instance to whoever runs this server."
        : "Correct what detail and pointer name; /docs and docs/errors.md say what is expected.";
  }
}

/** The body of the answer. `instance` is the id under which the log has the request. */
export function problemBody(refusal: HttpProblem, instance: string): Problem {
  const { pointer, remedy = remedyOf(refusal.status) } = refusal.more;
  return {
    type: `https://tillwatch.org/errors#${refusal.code}`,
    title: STATUS_CODES[refusal.status] ?? "Error",
    status: refusal.status,
    code: refusal.code,
    detail: refusal.message,
    instance,
    remedy,
    ...(pointer === undefined ? {} : { pointer }),
  };
}
