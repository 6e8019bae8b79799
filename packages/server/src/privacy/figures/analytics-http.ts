import { createHash } from "node:crypto";
import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import type { DbOrTx } from "../../schema.ts";
import { figureRows, reviewFigures, scanExport } from "./analytics-read.ts";
import { exportsOf, saveExport } from "./analytics-store.ts";
import { figuresCsv, figuresNdjson, suppressSmall } from "./analytics.ts";
import { quarterNamed, quarterOf, remarksOf } from "./misuse-review.ts";
import { asActor, closed, instant, needs, record, type PrivacyHttpDeps } from "../privacy-answer-http.ts";

export type AnalyticsDeps = PrivacyHttpDeps & {
  /** Sites of the organisation by id, with what they are called and whether they give figures. */
  readonly sitesOf: (
    db: DbOrTx,
    organisationId: string,
  ) => Promise<readonly { readonly id: string; readonly name: string; readonly analytics: boolean }[]>;
  readonly country: string; // where telephone numbers without a code are from
};

const tags = ["privacy"];
const spanDaysMax = 800;

/** Figures that tell about nobody, scanned before they leave; and the review of each quarter. */
export function analyticsRoutes(deps: AnalyticsDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    exportRoutes(app, deps);
    reviewRoutes(app, deps);
  };
}

function exportRoutes(app: TypedApp, deps: AnalyticsDeps): void {
  const make = {
    tags,
    operationId: "exportFigures",
    summary: "Incidents by month, site and kind; small cells suppressed; refused where the scanner finds a person",
    body: Type.Object({ from: instant, to: instant, format: Type.Enum(["csv", "ndjson"]) }, closed),
  };
  app.post("/api/v1/analytics/exports", { schema: make, config: needs("analytics:export") }, async (request, reply) => {
    const { from, to, format } = request.body;
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    if (!(toMs > fromMs) || toMs - fromMs > spanDaysMax * 86_400_000) {
      throw problem(422, "export_span_malformed", `from lies before to, by at most ${spanDaysMax} days`, {
        pointer: "/to",
      });
    }
    const made = await asActor(deps, request, async (at) => {
      const sites = await deps.sitesOf(at.tx, at.organisationId);
      const siteNames = new Map(sites.filter(({ analytics }) => analytics).map(({ id, name }) => [id, name]));
      const rows = await figureRows(at.tx, { organisationId: at.organisationId, fromMs, toMs, siteNames });
      const figures = suppressSmall(rows, deps.policy.analytics.cellMin);
      const text = format === "csv" ? figuresCsv(figures) : figuresNdjson(figures);
      // The bytes themselves, as they would leave: not what they were made of.
      const findings = await scanExport(at.tx, text, deps);
      const sha256 = createHash("sha256").update(text).digest("hex");
      const suppressed = figures.filter(({ incidents }) => incidents === null).length;
      const state = findings.length === 0 ? "released" : "refused";
      const id = deps.chance.uuid();
      await saveExport(at.tx, {
        ...at,
        id,
        parameters: { from, to, format },
        rows: rows.length,
        suppressed,
        sha256,
        state,
        findings,
      });
      await record(deps, at, {
        kind: `analytics.${state}`,
        subject: { kind: "analytics_export", id },
        because: state === "released" ? "the scanner found nobody in it" : "the scanner found somebody in it",
        body: { rows: rows.length, suppressed, sha256, found: [...new Set(findings.map(({ kind }) => kind))].sort() },
      });
      return { id, text, sha256, findings };
    });
    if (made.findings.length > 0) {
      const kinds = [...new Set(made.findings.map(({ kind }) => kind.replace("_", " ")))].join(", ");
      throw problem(422, "analytics_export_personal", `the scanner found ${kinds}; nothing left`, {
        remedy: `The record has it as analytics_export ${made.id}. Names of sites and categories must name nobody.`,
      });
    }
    return reply
      .code(201)
      .type(format === "csv" ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson")
      .header("content-disposition", `attachment; filename="figures-${made.id.slice(0, 8)}.${format}"`)
      .header("repr-digest", `sha-256=:${Buffer.from(made.sha256, "hex").toString("base64")}:`)
      .send(made.text);
  });
  const list = { tags, operationId: "listFigureExports", summary: "What left and what was kept from leaving" };
  app.get("/api/v1/analytics/exports", { schema: list, config: needs("privacy:read") }, async (request) => ({
    items: await exportsOf(organisationDb(deps.db, request), actorOf(request).organisationId),
  }));
}

function reviewRoutes(app: TypedApp, deps: AnalyticsDeps): void {
  const read = {
    tags,
    operationId: "readMisuseReview",
    summary: "The figures of a quarter for the review of bias and misuse, with what stands out",
    params: Type.Object({ quarter: Type.String({ pattern: "^(current|20\\d\\d-Q[1-4])$" }) }),
  };
  app.get("/api/v1/privacy/reviews/:quarter", { schema: read, config: needs("privacy:read") }, async (request) => {
    const asked = request.params.quarter;
    const nowMs = deps.clock();
    const quarter = asked === "current" ? quarterOf(nowMs) : quarterNamed(asked);
    if (quarter === null) throw problem(404, "quarter_unknown", "there is no such quarter");
    const { organisationId } = actorOf(request);
    const sites = await deps.sitesOf(organisationDb(deps.db, request), organisationId);
    const span = { organisationId, siteIds: sites.map(({ id }) => id), fromMs: quarter.fromMs, toMs: quarter.toMs };
    const figures = await reviewFigures(organisationDb(deps.db, request), span);
    return {
      quarter: quarter.name,
      from: new Date(quarter.fromMs).toISOString(),
      to: new Date(quarter.toMs).toISOString(),
      finished: nowMs >= quarter.toMs,
      ...figures,
      remarks: remarksOf(figures),
      questions: [
        "Which rules are judged false more often than others, and at which sites? Who looks at why?",
        "Do dismissals differ between sites in a way that the goods and the hours do not explain?",
        "Which texts were kept against the challenge, and were the reasons good?",
        "Who looked up persons most, and for which cases?",
        "Were entries of the watch list ended in time, and did any lead to an error?",
      ],
    };
  });
}
