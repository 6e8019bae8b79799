import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../../access/authenticate-http.ts";
import { organisationDb } from "../../access/callers-db.ts";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import type { DbOrTx } from "../../schema.ts";
import { assessmentPage, noticePage, type SiteConfiguration } from "./configuration-pages.ts";
import {
  asActor,
  because,
  closed,
  needs,
  record,
  refusalProblem,
  type PrivacyHttpDeps,
} from "../privacy-answer-http.ts";
import { checkMask, frigateMask, onvifMask, svgMask } from "./privacy-mask.ts";
import { masksAt, reportsOf, saveMask, saveReport, saveSitePrivacy, sitePrivacy } from "./site-privacy-store.ts";

export type SitePrivacyDeps = PrivacyHttpDeps & {
  /** The configuration of a site as it is; null: the asker's organisation has no such site. */
  readonly configurationOf: (db: DbOrTx, siteId: string, organisationId: string) => Promise<SiteConfiguration | null>;
};

const tags = ["privacy"];
const siteParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
const deviceParams = Type.Object({ id: Type.String({ maxLength: 64 }), device: Type.String({ maxLength: 64 }) });
const share = Type.Integer({ minimum: 0, maximum: 1000 });
const polygon = Type.Array(Type.Tuple([share, share]), { minItems: 3, maxItems: 50 });
const days = (maximum: number) => Type.Optional(Type.Integer({ minimum: 0, maximum }));
const flag = Type.Optional(Type.Boolean());

/** What a site keeps, what its cameras must not show, and the pages that follow from both. */
export function sitePrivacyRoutes(deps: SitePrivacyDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    settingRoutes(app, deps);
    maskRoutes(app, deps);
    pageRoutes(app, deps);
  };
}

function unknownSite() {
  return problem(404, "site_unknown", "there is no such site");
}

/** A site of the asker's organisation within his reach. Null: there is none, which a site out of reach is not told from. */
async function placed(
  deps: SitePrivacyDeps,
  request: FastifyRequest<{ Params: { id: string } }>,
  db: DbOrTx,
): Promise<SiteConfiguration | null> {
  const { id } = request.params;
  const { all, sites } = request.scope;
  if (!all && !sites.includes(id)) return null;
  return deps.configurationOf(db, id, actorOf(request).organisationId);
}

function settingRoutes(app: TypedApp, deps: SitePrivacyDeps): void {
  const read = {
    tags,
    operationId: "readSitePrivacy",
    summary: "What a site keeps; a site that nobody decided on keeps the least",
    params: siteParams,
  };
  app.get("/api/v1/sites/:id/privacy", { schema: read, config: needs("privacy:read") }, async (request) => {
    const { organisationId } = actorOf(request);
    const configuration = await placed(deps, request, deps.db);
    if (configuration === null) throw unknownSite();
    const own = await sitePrivacy(organisationDb(deps.db, request), request.params.id);
    return {
      siteId: request.params.id,
      settings: configuration.settings,
      least: deps.policy.siteDefaults,
      departures: configuration.departures,
      version: own?.version ?? 0,
      reports: await reportsOf(organisationDb(deps.db, request), organisationId, request.params.id),
    };
  });
  const write = {
    tags,
    operationId: "setSitePrivacy",
    summary: "Lets a site keep more than the least, with a reason; what is not named falls back to the least",
    params: siteParams,
    body: Type.Object(
      {
        settings: Type.Object(
          {
            clipDays: days(3650),
            reportDays: days(3650),
            watchItemDays: days(365),
            maskedDisplay: flag,
            audio: flag,
            analytics: flag,
          },
          closed,
        ),
        because,
      },
      closed,
    ),
  };
  app.put("/api/v1/sites/:id/privacy", { schema: write, config: needs("privacy:write") }, (request) =>
    asActor(deps, request, async (at) => {
      const siteId = request.params.id;
      if ((await placed(deps, request, at.tx)) === null) throw unknownSite();
      const { settings } = request.body;
      await saveSitePrivacy(at.tx, { ...at, siteId, settings, because: request.body.because });
      await record(deps, at, {
        kind: "privacy.site_changed",
        subject: { kind: "site", id: siteId },
        because: request.body.because,
        body: {
          settings: Object.entries(settings)
            .map(([name, value]) => `${name}=${String(value)}`)
            .sort(),
        },
      });
      const after = await placed(deps, request, at.tx);
      return { siteId, settings: after?.settings, departures: after?.departures };
    }),
  );
}

function maskRoutes(app: TypedApp, deps: SitePrivacyDeps): void {
  const list = {
    tags,
    operationId: "listPrivacyMasks",
    summary: "Masks of a site's cameras: as set, for Frigate, for ONVIF, and as a picture to lay over",
    params: siteParams,
  };
  app.get("/api/v1/sites/:id/masks", { schema: list, config: needs("privacy:read") }, async (request) => {
    const configuration = await placed(deps, request, deps.db);
    if (configuration === null) throw unknownSite();
    const masks = await masksAt(organisationDb(deps.db, request), request.params.id);
    const cameras = configuration.site.devices.filter(({ kind }) => kind === "camera");
    return {
      items: cameras.map(({ id }) => {
        const mask = masks.find(({ deviceId }) => deviceId === id);
        const polygons = mask?.polygons ?? [];
        return {
          deviceId: id,
          version: mask?.version ?? 0,
          polygons,
          at: mask?.at ?? null,
          actor: mask?.actor ?? null,
          frigate: polygons.map(frigateMask),
          onvif: polygons.map(onvifMask),
          svg: svgMask(polygons),
        };
      }),
    };
  });
  const write = {
    tags,
    operationId: "setPrivacyMask",
    summary: "Sets what a camera must not show, as polygons in thousandths of the picture",
    params: deviceParams,
    body: Type.Object(
      { polygons: Type.Array(polygon, { maxItems: 20 }), because, version: Type.Integer({ minimum: 0 }) },
      closed,
    ),
  };
  app.put("/api/v1/sites/:id/masks/:device", { schema: write, config: needs("privacy:write") }, async (request) => {
    const { id: siteId, device: deviceId } = request.params;
    const checked = checkMask(request.body.polygons);
    if (!checked.ok) throw refusalProblem(checked.error);
    const version = await asActor(deps, request, async (at) => {
      const configuration = await placed(deps, request, at.tx);
      const camera = configuration?.site.devices.find(({ id, kind }) => id === deviceId && kind === "camera");
      if (camera === undefined) throw problem(404, "camera_unknown", "the site has no such camera");
      const saved = await saveMask(at.tx, { ...at, ...request.body, siteId, deviceId, polygons: checked.value });
      if (saved === null) return null;
      await record(deps, at, {
        kind: "privacy.mask_set",
        subject: { kind: "device", id: `${siteId}/${deviceId}` },
        because: request.body.because,
        body: { masks: checked.value.length, version: saved },
      });
      return saved;
    });
    if (version === null) {
      throw problem(409, "mask_changed", "the masks were changed meanwhile", { remedy: "Read them again and repeat." });
    }
    return { siteId, deviceId, version };
  });
}

function pageRoutes(app: TypedApp, deps: SitePrivacyDeps): void {
  const kinds = { notice: ["notice", noticePage], assessment: ["impact_assessment", assessmentPage] } as const;
  const read = {
    tags,
    operationId: "readPrivacyPage",
    summary: "The notice at the door, or the impact assessment, from the configuration as it is; printable HTML",
    params: Type.Object({ id: Type.String({ maxLength: 64 }), page: Type.Enum(["notice", "assessment"]) }),
  };
  app.get(
    "/api/v1/sites/:id/privacy/:page",
    { schema: read, config: needs("privacy:read") },
    async (request, reply) => {
      const [kind, make] = kinds[request.params.page];
      const siteId = request.params.id;
      const made = await asActor(deps, request, async (at) => {
        const configuration = await placed(deps, request, at.tx);
        if (configuration === null) throw unknownSite();
        const content = make(configuration);
        const configurationSha256 = createHash("sha256")
          .update(canonicalize(configuration) ?? "")
          .digest("hex");
        const row = { ...at, id: deps.chance.uuid(), kind, about: siteId, configurationSha256, content };
        if (await saveReport(at.tx, row)) {
          await record(deps, at, {
            kind: "privacy.page_made",
            subject: { kind: "site", id: siteId },
            because: `${kind.replaceAll("_", " ")} of a configuration that had none yet`,
            body: { page: kind, configuration_sha256: configurationSha256 },
          });
        }
        return { content, configurationSha256 };
      });
      return reply
        .type("text/html; charset=utf-8")
        .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
        .header("x-configuration-sha256", made.configurationSha256)
        .send(made.content);
    },
  );
}
