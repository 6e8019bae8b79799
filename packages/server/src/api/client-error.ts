import type { Socket } from "node:net";
import { problemMediaType } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
import type { Log } from "../platform/log.ts";
import { problem, problemBody } from "./problem.ts";

/** Answers what is no HTTP, so that no route and no hook ever sees it: as a problem like every other refusal, and ends the connection. */
export function clientErrorHandler({ chance, log }: { readonly chance: Chance; readonly log: Log }) {
  return (fault: Error & { readonly code?: string }, socket: Socket): void => {
    if (fault.code === "ECONNRESET" || socket.destroyed) return;
    const refusal = refusalOf(fault.code);
    const instance = `urn:uuid:${chance.uuid()}`;
    log.info("request refused", { instance, method: null, route: null, status: refusal.status, code: refusal.code });
    const { title, ...rest } = problemBody(refusal, instance);
    const body = JSON.stringify({ title, ...rest });
    if (socket.writable) {
      socket.write(
        [
          `HTTP/1.1 ${refusal.status} ${title}`,
          `content-type: ${problemMediaType}`,
          `content-length: ${Buffer.byteLength(body)}`,
          "cache-control: no-store",
          "x-content-type-options: nosniff",
          "connection: close",
          "",
          body,
        ].join("\r\n"),
      );
    }
    socket.destroySoon();
  };
}

function refusalOf(code: string | undefined) {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return problem(408, "request_timeout", "the request did not arrive whole in time", { remedy: "Send it again." });
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    const remedy = "Send fewer or shorter headers and cookies.";
    return problem(431, "request_headers_too_large", "the headers have at most 16 KiB together", { remedy });
  }
  const remedy = "Send HTTP/1.1; over TLS, to the address that speaks it.";
  return problem(400, "request_malformed", "this is no HTTP request", { remedy });
}
