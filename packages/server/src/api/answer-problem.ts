import type { FastifyReply, FastifyRequest } from "fastify";
import { problemMediaType } from "@tillwatch/wire";
import { describeFault, type Log } from "../platform/log.ts";
import { HttpProblem, problemBody } from "./problem.ts";

/** In a flood a line for each refusal would be a flood of the log. */
class RefusedCount {
  #count = 0;
  #sinceMs = -Infinity;

  add(log: Log, fields: Readonly<Record<string, string | number | null>>): void {
    this.#count += 1;
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs < tellEveryMs) return;
    log.info("requests refused", { ...fields, count: this.#count });
    this.#count = 0;
    this.#sinceMs = nowMs;
  }
}

const tellEveryMs = 10_000;
const refused = new RefusedCount();

type Failed = { readonly fault: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply };

/**
 * The one exit for everything that is not a route's own answer. What we did not foresee becomes 500 `internal_error`: the
 * caller gets the instance id, the log gets the fault under the same id; no stack and no inner message leaves.
 */
export function answerProblem(log: Log, failed: Failed): FastifyReply {
  const { fault, request, reply } = failed;
  const refusal = refusalOf(fault);
  const instance = `urn:uuid:${request.id}`;
  const fields = {
    instance,
    method: request.method,
    route: request.routeOptions?.url ?? null,
    status: refusal.status,
    code: refusal.code,
  };
  if (refusal.status >= 500) log.error("request failed", { ...fields, fault: describeFault(fault) });
  else if (refusal.status !== 429) log.info("request refused", fields);
  else refused.add(log, fields);
  const { retryAfterSeconds } = refusal.more;
  if (retryAfterSeconds !== undefined) reply.header("retry-after", Math.ceil(retryAfterSeconds));
  reply.code(refusal.status).header("content-type", problemMediaType).header("cache-control", "no-store");
  return reply.send(JSON.stringify(problemBody(refusal, instance)));
}

function refusalOf(fault: unknown): HttpProblem {
  if (fault instanceof HttpProblem) return fault;
  const code = codeOf(fault);
  const unavailable = withoutStorage(code);
  if (unavailable !== null) return unavailable;
  const known = frameworkRefusals[code] ?? (code.startsWith("FST_ERR_CTP") ? frameworkRefusals["body"] : undefined);
  if (known !== undefined) return new HttpProblem(known.status, known.code, known.detail, known.more);
  return new HttpProblem(500, "internal_error", "something went wrong here; it is logged under this instance", {
    remedy: "Try again; if it stays, give the instance to whoever runs this server.",
  });
}

function codeOf(fault: unknown): string {
  if (!(fault instanceof Error)) return "";
  if ("code" in fault && typeof fault.code === "string") return fault.code;
  return fault.cause === undefined ? "" : codeOf(fault.cause);
}

/**
 * Where nothing can be written for now. By SQLSTATE and system code: 53100 and ENOSPC are a full disk, class 08 and 57P0x a database
 * that is away. Whoever asked is told what it is, and that nothing was kept.
 */
function withoutStorage(code: string): HttpProblem | null {
  if (code === "53100" || code === "ENOSPC") {
    return new HttpProblem(503, "disk_full", "the disk of this server is full; nothing of this request was kept", {
      retryAfterSeconds: 60,
      remedy: "Have somebody make room on the disk of the server; it goes on by itself. Then send the same again.",
    });
  }
  if (/^(08[0-9A-Z]{3}|57P0[1-4])$/.test(code) || code === "ECONNREFUSED" || code === "ECONNRESET") {
    return new HttpProblem(
      503,
      "database_unavailable",
      "the database does not answer; nothing of this request was kept",
      {
        retryAfterSeconds: 10,
        remedy: "Send the same again after the time in Retry-After; if it stays, look at the database: GET /readyz.",
      },
    );
  }
  return null;
}

type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly more?: { readonly remedy: string };
};

const malformed: Refusal = {
  status: 400,
  code: "body_malformed",
  detail: "the body is not the JSON that its content type promises",
};

// By the framework's codes, never by its messages.
const frameworkRefusals: Readonly<Record<string, Refusal>> = {
  body: malformed,
  FST_ERR_CTP_INVALID_JSON_BODY: malformed,
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: "body_malformed", detail: "the body is empty" },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: "body_too_large",
    detail: "the body is larger than this operation takes",
    more: { remedy: "Send less at once." },
  },
  FST_REQ_FILE_TOO_LARGE: {
    status: 413,
    code: "body_too_large",
    detail: "the file is larger than this operation takes",
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: "media_type_unsupported",
    detail: "this operation does not take this content type",
    more: { remedy: "Send application/json, or what the operation in /openapi.json names." },
  },
  // QUERY without a content type; with one, the method is refused like any other.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: {
    status: 415,
    code: "media_type_unsupported",
    detail: "this method needs a content type",
  },
  FST_ERR_BAD_URL: { status: 400, code: "url_malformed", detail: "the path is not a valid URL path" },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: "url_too_long", detail: "a part of the path is too long" },
};
