import type { Problem } from "@tillwatch/wire";

/** A refusal or failure of the server, as RFC 9457 problem details; also made here when no answer came or it could not be read. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export type Call = {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly idempotencyKey?: string; // a repeat with the same key is answered and does nothing twice
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean; // true: the browser finishes the request although the page goes away
};

/**
 * Calls the server. `Answer` is the shape that packages/wire promises for the path: both sides come from one build, so that the
 * answer is not parsed again here. Throws `ApiProblem` and nothing else, except where the caller itself aborted.
 */
export async function request<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const response = await send(path, call);
  if (!response.ok) throw new ApiProblem(await problemOf(response));
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new ApiProblem(unreadable(response.status));
  }
}

async function send(path: string, call: Call): Promise<Response> {
  try {
    return await fetch(path, {
      method: call.method ?? "GET",
      credentials: "same-origin",
      headers: {
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(call.keepalive === undefined ? {} : { keepalive: call.keepalive }),
    });
  } catch (fault) {
    if (call.signal?.aborted === true) throw fault;
    throw new ApiProblem(unreachableServer);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return readProblem(await response.json(), response.status);
  } catch {
    return unreadable(response.status);
  }
}

/** A proxy in between may answer in its own words: what has no code becomes `web_answer_unreadable`. */
export function readProblem(body: unknown, status: number): Problem {
  if (typeof body === "object" && body !== null && "code" in body && "detail" in body) {
    if (typeof body.code === "string" && typeof body.detail === "string") return body as Problem;
  }
  return unreadable(status);
}

export const unreachableServer: Problem = {
  type: "https://tillwatch.org/errors#web_server_unreachable",
  title: "No connection",
  status: 0,
  code: "web_server_unreachable",
  detail: "The server did not answer.",
  remedy: "Check this device's connection, then try again. Nothing that you entered is lost.",
};

export function unreadable(status: number): Problem {
  return {
    type: "https://tillwatch.org/errors#web_answer_unreadable",
    title: "Answer not understood",
    status,
    code: "web_answer_unreadable",
    detail: `The server answered with status ${status} and a body that this page cannot read.`,
    remedy: "Reload the page. If it stays, a proxy may stand between this device and the server.",
  };
}

/** What to show for anything that was thrown: a defect of the page is named as one, never swallowed. */
export function problemFrom(fault: unknown): Problem {
  if (fault instanceof ApiProblem) return fault.problem;
  return {
    type: "https://tillwatch.org/errors#web_page_fault",
    title: "This page failed",
    status: 0,
    code: "web_page_fault",
    detail: fault instanceof Error ? fault.message : String(fault),
    remedy: "Reload the page. The server and its records are not affected.",
  };
}
