import { policyMatrix } from "./fixture-policies.ts";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import {
  riskOf,
  problemMediaType,
  type ExhibitId,
  type ExhibitSummary,
  type ExhibitView,
  type IncidentRecord,
  type IncidentSummary,
  type LiveEvent,
  type Problem,
} from "@tillwatch/wire";
import {
  auditEntries,
  checkpoint,
  deadLetters,
  incidentId,
  queueOfWorld,
  sites,
  sources,
  sourceSignals,
  summary,
  taxonomy,
} from "./fixture-world.ts";
import { stillOfDoor } from "./fixture-still.ts";
import { FixtureModels } from "./fixture-models.ts";
import { FixtureRules } from "./fixture-rules.ts";
import { FixtureWebhooks } from "./fixture-webhooks.ts";
import { FixtureAccess } from "./fixture-access.ts";
import { privacyAnswers } from "./fixture-privacy.ts";
import { auditExports, colleagues, configurationStates, controlViews, misuseList } from "./fixture-guard.ts";
import { exhibitView } from "./fixture-exhibits.ts";
import { FixtureGrants, stepUpRequired, unknownIncident } from "./fixture-grants.ts";
import { FixtureConsents } from "./fixture-consents.ts";
import { FixtureDrafts } from "./fixture-drafts.ts";
import { FixtureReleases } from "./fixture-release.ts";
import { FixtureDevices } from "./fixture-devices.ts";
import { FixtureConflict } from "./fixture-conflict.ts";
import { FixtureRetention } from "./fixture-retention.ts";
import { packetOf, recordOf } from "./fixture-record.ts";
import { openAnswers, peopleAnswers } from "./fixture-people.ts";

type Readiness = {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly says: string }[];
};

export type Posted = { readonly path: string; readonly body: unknown; readonly idempotencyKey: string | null };

type Asked = { readonly response: ServerResponse; readonly idempotencyKey: string | null };

const noDrafts = new FixtureDrafts([]);

/** As the real server sends it, but stricter on styles: the page must need nothing inline. */
const securityPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The API of packages/wire over a small world in memory, and the built page. It stands in for the server in the browser tests. */
export class FixtureServer {
  readonly #dist: string;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #problems = new Map<string, Problem>();
  readonly #records = new Map<string, IncidentRecord>();
  readonly #access = new FixtureAccess();
  readonly #webhooks = new FixtureWebhooks();
  rules = new FixtureRules();
  models = new FixtureModels();
  readonly #devices = new FixtureDevices();
  grants = new FixtureGrants();
  consents = new FixtureConsents();
  releases = new FixtureReleases();
  readonly retention = new FixtureRetention(() => this.grants.proven);
  readonly conflict = new FixtureConflict();
  readonly posted: Posted[] = [];
  rows: IncidentSummary[] = queueOfWorld();
  signedIn = true;
  delayMs = 0;
  auditBroken = false;
  loseAnswers = false; // true: what is posted is done, but the connection breaks before the answer
  uploadSha256 = "00".repeat(32);
  exhibitNews: Partial<ExhibitView> = {}; // what is different of every exhibit
  letters = [...deadLetters];
  ready: Readiness = { ok: true, checks: [{ name: "database", ok: true, says: "pglite answers" }] };

  constructor(dist: string) {
    this.#dist = dist;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.cutStreams();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Ends every live stream, as a restart of the server or a proxy does. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  emit(event: LiveEvent): void {
    const frame = `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
    for (const stream of this.#streams) stream.write(frame);
  }

  get readers(): number {
    return this.#streams.size;
  }

  /** Puts a summary into the world and tells it over the feed. */
  change(news: IncidentSummary): void {
    this.rows = [...this.rows.filter((row) => row.id !== news.id), news];
    this.#records.delete(news.id);
    this.emit({ kind: "incident", id: news.id, version: news.version, summary: news });
  }

  /** From now on `path` answers with this problem; null takes it back. */
  failWith(path: string, problem: Problem | null): void {
    if (problem === null) this.#problems.delete(path);
    else this.#problems.set(path, problem);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fixture");
    response.setHeader("content-security-policy", securityPolicy);
    if (url.pathname === "/readyz") return send(response, this.ready.ok ? 200 : 503, this.ready);
    if (!url.pathname.startsWith("/api/")) return this.#file(url.pathname, response);
    const body = await readBody(request);
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    const problem = this.#problems.get(url.pathname);
    if (problem !== undefined) return send(response, problem.status, problem);
    const asked = `${request.method} ${url.pathname}`;
    if (asked in openAnswers) return send(response, 200, openAnswers[asked]);
    if (this.signedIn && asked in peopleAnswers) return send(response, 200, peopleAnswers[asked]);
    if (this.signedIn && asked === "GET /api/v1/session") return send(response, 200, this.grants.who());
    if (asked === "GET /api/v1/session") return send(response, 401, signedOut);
    if (url.pathname === "/api/v1/session") return this.#session(request, body, response);
    if (!this.signedIn) return send(response, 401, signedOut);
    if (url.pathname === "/api/v1/events") return this.#stream(response);
    if (request.method === "PATCH") return this.#patch(url.pathname, body, response);
    if (request.method === "PUT" && /^\/api\/v1\/(exhibits|sites)\//.test(url.pathname)) {
      this.posted.push({ path: url.pathname, body, idempotencyKey: null });
      if (url.pathname.endsWith("/minor/ground") && !this.grants.proven) return send(response, 403, stepUpRequired);
      return send(response, 200, {});
    }
    if (request.method === "POST") {
      const key = request.headers["idempotency-key"];
      return this.#post(url.pathname, body, { response, idempotencyKey: typeof key === "string" ? key : null });
    }
    if (/^\/api\/v1\/exhibits\/[^/]+\/content$/.test(url.pathname)) {
      response.writeHead(200, { "content-type": "image/svg+xml" }).end(stillOfDoor);
      return;
    }
    return this.#get(url, response);
  }

  #session(request: IncomingMessage, body: unknown, response: ServerResponse): void {
    const token = typeof body === "object" && body !== null && "token" in body ? body.token : null;
    if (request.method === "POST" && token !== "right-token") {
      return send(response, 401, {
        ...signedOut,
        code: "token_unknown",
        detail: "This token is not known.",
        remedy: "Copy it whole, without spaces.",
      });
    }
    this.signedIn = request.method === "POST";
    response.writeHead(204).end();
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 300\n\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  /** Whom tokens stand for, for who may read the record. */
  people: Readonly<Record<string, string>> = colleagues;

  #get(url: URL, response: ServerResponse): void {
    const incident = /^\/api\/v1\/incidents\/([^/]+)$/.exec(url.pathname)?.[1];
    if (incident !== undefined) return this.#incident(incident, response);
    const exhibit = /^\/api\/v1\/exhibits\/([^/]+)$/.exec(url.pathname)?.[1];
    if (exhibit !== undefined) return this.#exhibit(exhibit, response);
    const answers: Readonly<Record<string, () => unknown>> = {
      "/api/v1/incidents": () => this.#queue(url.searchParams),
      "/api/v1/taxonomy": () => taxonomy,
      "/api/v1/sites": () => ({ items: sites }),
      ...privacyAnswers,
      "/api/v1/policies/matrix": () => policyMatrix,
      "/api/v1/sources": () => ({ items: sources }),
      "/api/v1/signals": () => ({ items: sourceSignals(url.searchParams.get("source") ?? "") }),
      "/api/v1/dead-letters": () => ({ items: this.letters, nextCursor: null }),
      "/api/v1/audit": () => ({ items: auditEntries(), names: colleagues, nextCursor: null }),
      "/api/v1/audit/checkpoint": () => checkpoint,
      "/api/v1/audit/names": () => {
        const asked = url.searchParams.get("tokens")?.split(",") ?? [];
        return { names: Object.fromEntries(Object.entries(this.people).filter(([token]) => asked.includes(token))) };
      },
      "/api/v1/audit/exports": () => ({ items: auditExports() }),
      "/api/v1/misuse": () => misuseList(),
      [`/api/v1/misuse/${misuseList().items[0]?.id}`]: () => ({
        ...misuseList().items[0],
        entries: auditEntries().slice(1, 4),
        names: colleagues,
      }),
      "/api/v1/controls": () => ({ items: controlViews() }),
      "/api/v1/configuration": () => ({ items: configurationStates(), content: {} }),
    };
    const answer = answers[url.pathname];
    const other = () =>
      this.grants.get(url.pathname) ??
      (this.grants.drafts ?? noDrafts).get(url.pathname) ??
      this.consents.get(url.pathname) ??
      this.releases.get(url.pathname) ??
      this.retention.get(url) ??
      this.conflict.get(url) ??
      this.#devices.get(url.pathname) ??
      this.#access.get(url.pathname) ??
      this.rules.get(url.pathname) ??
      this.models.get(url.pathname) ??
      this.#webhooks.get(url.pathname, url.searchParams);
    const found = answer === undefined ? other() : answer();
    send(response, found === undefined ? 404 : 200, found ?? notFound);
  }

  #incident(id: string, response: ServerResponse): void {
    const record = this.#record(id);
    if (record === null) return send(response, 404, unknownIncident);
    const shown = this.grants.shown(record);
    send(response, shown.status, shown.body);
  }

  #exhibit(id: string, response: ServerResponse): void {
    for (const row of this.rows) {
      const exhibit = this.#records.get(row.id)?.exhibits.find((known) => known.id === id);
      if (exhibit !== undefined) return send(response, 200, { ...exhibitView(exhibit, row.id), ...this.exhibitNews });
    }
    send(response, 404, notFound);
  }

  #record(id: string): IncidentRecord | null {
    const row = this.rows.find((known) => known.id === id);
    if (row === undefined) return null;
    const record = this.#records.get(id) ?? recordOf(row);
    this.#records.set(id, record);
    return record;
  }

  /** Somebody works on it. */
  own(id: string, ownerToken: string): void {
    const record = this.#record(id);
    if (record !== null) this.#records.set(id, { ...record, ownerToken });
  }

  #queue(search: URLSearchParams): unknown {
    const states = (search.get("state") ?? "").split(",");
    const text = search.get("q")?.toLowerCase() ?? "";
    const items = this.rows
      .filter((row) => search.get("state") === null || states.includes(row.state))
      .filter((row) => search.get("site") === null || row.siteId === search.get("site"))
      .filter((row) => search.get("level") === null || String(row.level) === search.get("level"))
      .filter((row) => search.get("category") === null || row.category === search.get("category"))
      .filter((row) => `${row.ref} ${row.title}`.toLowerCase().includes(text))
      .sort((a, b) => riskOf(b) - riskOf(a));
    return { items, nextCursor: null };
  }

  #post(path: string, body: unknown, { response, idempotencyKey }: Asked): void {
    this.posted.push({ path, body, idempotencyKey });
    if (this.loseAnswers) return void response.destroy();
    const [, id, action] = /^\/api\/v1\/incidents\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (path === "/api/v1/incidents") return this.#report(body, response);
    if (path === "/api/v1/audit/exports") return send(response, 202, { id: "77777777-7777-4777-8777-777777777777" });
    if (path === "/api/v1/controls/run") return send(response, 200, { items: controlViews() });
    if (/^\/api\/v1\/misuse\/[^/]+\/decision$/.test(path)) return send(response, 200, misuseList().items[0]);
    if (path === "/api/v1/audit/verify") return send(response, 200, this.#verification());
    if (path.startsWith("/api/v1/exhibits/")) return send(response, 200, {});
    if (path.startsWith("/api/v1/dead-letters/")) return this.#deadLetter(path, response);
    const stepped = { proven: this.grants.proven, body };
    const decided =
      this.grants.post(path, body) ??
      this.grants.drafts?.post(path, body) ??
      this.consents.post(path, body) ??
      this.releases.post(path, stepped) ??
      this.retention.post(path, body) ??
      this.conflict.post(path, body);
    if (decided !== undefined) return sendDecided(response, decided);
    const other =
      this.#devices.post(path) ??
      this.#access.post(path, body) ??
      this.rules.post(path, body) ??
      this.models.post(path, body) ??
      this.#webhooks.post(path);
    if (other !== undefined) return send(response, 200, other);
    const record = id === undefined ? null : this.#record(id);
    if (id === undefined || record === null) return send(response, 404, notFound);
    const newId = action === "exhibits" ? uploadedId(record.exhibits.length) : "55555555-5555-4555-8555-555555555555";
    this.#act(record, action ?? "", body as Record<string, never>);
    send(response, action === "exhibits" ? 201 : action === "packets" ? 202 : 200, {
      id: newId,
    });
  }

  #patch(path: string, body: unknown, response: ServerResponse): void {
    const record = this.#record(path.split("/").at(-1) ?? "");
    if (record === null) return send(response, 404, notFound);
    this.posted.push({ path, body, idempotencyKey: null });
    this.#records.set(record.id, { ...record, ...(body as object), version: record.version + 1 });
    send(response, 200, {});
  }

  #act(record: IncidentRecord, action: string, body: Record<string, never>): void {
    const next: IncidentRecord = {
      ...record,
      version: record.version + 1,
      ...(action === "verdict" ? { verdict: body["verdict"] ?? null } : {}),
      ...(action === "transitions" ? { state: body["to"] ?? record.state } : {}),
      ...(action === "exhibits" ? { exhibits: [this.#uploaded(record), ...record.exhibits] } : {}),
      ...(action === "packets" ? { packets: [packetOf(1, "building"), ...record.packets] } : {}),
    };
    this.#records.set(record.id, next);
  }

  #uploaded(record: IncidentRecord): ExhibitSummary {
    return {
      id: uploadedId(record.exhibits.length),
      name: `upload-${record.exhibits.length}.jpg`,
      mediaType: "image/jpeg",
      bytes: 19,
      sha256: this.uploadSha256,
      capturedAt: null,
      receivedAt: new Date().toISOString(),
      kind: "original",
      source: "person:7f3a",
    };
  }

  /** Ends the building of a packet, as the job does. */
  packetReady(id: string): void {
    const record = this.#record(id);
    if (record === null) return;
    this.#records.set(id, { ...record, packets: [packetOf(1, "ready")] });
    this.emit({ kind: "packet", incidentId: record.id, id: packetOf(1, "ready").id, state: "ready" });
  }

  /** Puts packets and exhibits of a case into the world that are as they are after its disposal. */
  disposed(id: string, at: string): void {
    const record = this.#record(id);
    if (record === null) return;
    const exhibits = record.exhibits.map((exhibit) => ({ ...exhibit, disposedAt: at }));
    const packets = [{ ...packetOf(1, "ready"), contents: "originals" as const, disposedAt: at }];
    this.#records.set(id, { ...record, exhibits, packets: [...packets, packetOf(2, "ready")] });
  }

  #report(body: unknown, response: ServerResponse): void {
    const id = incidentId(500);
    this.rows.push(summary({ ...(body as object), id, ref: "TW-2026-000500" }));
    send(response, 201, { id, ref: "TW-2026-000500" });
  }

  #deadLetter(path: string, response: ServerResponse): void {
    const id = /dead-letters\/([^/]+)\/(?:redrive|discard)$/.exec(path)?.[1];
    const state = path.endsWith("discard") ? "discarded" : "redriven";
    this.letters = this.letters.map((letter) => (id === undefined || letter.id === id ? { ...letter, state } : letter));
    send(response, 200, { redriven: this.letters.length, duplicates: 0, stillUnknown: 0 });
  }

  #verification(): unknown {
    const problems = this.auditBroken
      ? [
          {
            index: 417,
            entryId: "44444444-4444-4444-8444-000000000417",
            says: "the body was changed after it was recorded",
          },
        ]
      : [];
    return { ok: problems.length === 0, checked: 1842, size: 1842, durationMs: 84, problems };
  }

  #file(path: string, response: ServerResponse): void {
    const asked = join(this.#dist, path);
    const file = path !== "/" && existsSync(asked) && statSync(asked).isFile() ? asked : join(this.#dist, "index.html");
    response.writeHead(200, { "content-type": mediaTypes[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  }
}

const uploadedId = (n: number): ExhibitId => `66666666-6666-4666-8666-${String(n).padStart(12, "0")}` as ExhibitId;

const signedOut: Problem = {
  type: "https://tillwatch.org/errors#token_missing",
  title: "Unauthorized",
  status: 401,
  code: "token_missing",
  detail: "Sign in first.",
};

const notFound: Problem = {
  type: "https://tillwatch.org/errors#not_found",
  title: "Not Found",
  status: 404,
  code: "not_found",
  detail: "There is nothing at this address.",
  remedy: "Go back to the queue.",
};

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("utf8");
  if (!(request.headers["content-type"] ?? "").includes("json")) return text.length;
  return text === "" ? null : JSON.parse(text);
}

type Decided = { readonly status: number; readonly body: unknown; readonly file?: string };

/** As JSON, or as the file that it is. */
function sendDecided(response: ServerResponse, { status, body, file }: Decided): void {
  if (file === undefined) return send(response, status, body);
  const disposition = `attachment; filename="${file}"`;
  response.writeHead(status, { "content-type": "text/csv; charset=utf-8", "content-disposition": disposition });
  response.end(String(body));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (status === 204) return void response.writeHead(204).end();
  response.writeHead(status, { "content-type": status >= 400 ? problemMediaType : "application/json" });
  response.end(JSON.stringify(body));
}
