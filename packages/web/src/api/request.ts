import { maskFreeText, type Problem } from "@tillwatch/wire";
import { askStepUp } from "./step-up.ts";

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
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly idempotencyKey?: string; // a repeat with the same key is answered and does nothing twice
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean; // true: the browser finishes the request although the page goes away
};

/**
 * Calls the server. `Answer` is the shape that packages/wire promises for the path: both sides come from one build, so that the
 * answer is not parsed again here. Numbers of cards, telephones and accounts and mail addresses in free text never leave: the body is
 * masked first (J08). Throws `ApiProblem` and nothing else, except where the caller itself aborted.
 */
export async function request<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const response = await answered(path, call);
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new ApiProblem(unreadable(response.status));
  }
}

/** A file that is made on request: its text and the name that the server gave it. Refusals as with `request`. */
export async function requestFile(path: string, call: Call): Promise<{ readonly name: string; readonly text: string }> {
  const response = await answered(path, call);
  const name = /filename="([\w.-]{1,100})"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "download";
  return { name, text: await response.text() };
}

/** A file of any size under the name that the server gave it; null: it is still being made. Refusals as with `request`. */
export async function requestBytes(
  path: string,
  call: Call = {},
): Promise<{ readonly name: string; readonly bytes: Blob } | null> {
  const response = await answered(path, call);
  if (response.status === 202) return null;
  try {
    return { name: fileNameIn(response.headers.get("content-disposition")), bytes: await response.blob() };
  } catch {
    throw new ApiProblem(unreachableServer); // the line broke in the middle: half a file is none
  }
}

/** The name in a Content-Disposition (RFC 6266): the one with every letter where there is one. A folder in it is not followed. */
export function fileNameIn(header: string | null): string {
  const whole = /filename\*=UTF-8''([^;\s]{1,300})/i.exec(header ?? "")?.[1];
  const plain = /filename="([^"]{1,300})"/i.exec(header ?? "")?.[1];
  let name = plain ?? "";
  try {
    if (whole !== undefined) name = decodeURIComponent(whole);
  } catch {
    // not in the form of RFC 8187: the plain name stands
  }
  return name.split(/[\\/]/).at(-1)?.trim() || "download";
}

async function answered(path: string, call: Call): Promise<Response> {
  let response = await send(path, call);
  if (!response.ok) {
    const problem = await problemOf(response);
    // The server wants a fresh proof of who this is: the person is asked, and the same is sent again, once.
    if (problem.code !== "step_up_required" || !(await askStepUp())) throw new ApiProblem(problem);
    response = await send(path, call);
    if (!response.ok) throw new ApiProblem(await problemOf(response));
  }
  return response;
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
      ...(call.body === undefined ? {} : { body: JSON.stringify(maskFreeText(call.body)) }),
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
