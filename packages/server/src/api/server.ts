import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import type { Access } from "../access/ask.ts";
import { askBefore } from "../access/ask-http.ts";
import { authenticate, isPublic, type AuthenticateDeps } from "../access/authenticate-http.ts";
import { requestRates, unlimitedRates, type RequestRates } from "../access/request-rates.ts";
import type { SessionWatch } from "../access/people/session-watch.ts";
import { requireAccess } from "../access/route-access.ts";
import { sessionRoutes } from "../access/session-http.ts";
import type { Chance } from "../platform/chance.ts";
import type { LiveFeed } from "../platform/live-feed.ts";
import type { Log } from "../platform/log.ts";
import { clientErrorHandler } from "./client-error.ts";
import { docsRoutes } from "./docs-http.ts";
import { maskAtIntake } from "../privacy/text/people-texts-http.ts";
import { answerProblem } from "./answer-problem.ts";
import { eventsRoutes, type EventsDeps } from "./events-http.ts";
import { healthRoutes, type HealthDeps } from "./health-http.ts";
import { openTexts, type TextOpening } from "./open-text-http.ts";
import { openApiOptions } from "./openapi.ts";
import { RouteTable } from "./route-table.ts";
import { headersFor } from "./security-headers.ts";
import { validatorCompiler } from "./validate.ts";
import { notFoundHandler, webRoutes } from "./web-http.ts";

declare module "fastify" {
  interface FastifyInstance {
    readonly routeTable: RouteTable;
  }
}

export type ServerDeps = AuthenticateDeps &
  HealthDeps & {
    readonly access: Access; // the one that asks the policies
    readonly chance: Chance;
    readonly log: Log;
    readonly live: LiveFeed;
    readonly shared?: EventsDeps["shared"]; // absent: nothing is shared with anybody
    readonly sessions?: SessionWatch; // of people; absent: nobody signs in as a person
    readonly version: string; // of the program, shown in openapi.json
    readonly webFolder: string | null; // the built web application; null: none is served
    readonly texts?: TextOpening; // absent: sealed text goes out as it is
    readonly routes: readonly FastifyPluginAsync[]; // of the areas, under their full paths
    readonly requestRates?: RequestRates; // absent: none
    readonly trustedProxies?: readonly string[]; // whose X-Forwarded-For and -Proto are believed
    readonly events?: {
      readonly heartbeatMs?: number;
      readonly bufferBytesMax?: number;
      readonly readersMax?: number;
      readonly askAgainMs?: number;
    };
  };

// A route that takes more says so itself (signals: 10 MiB).
const bodyBytesMax = 1024 * 1024;
const headerWaitMs = 30_000;

/**
 * Builds the HTTP server, ready to `listen` or `inject`. `close()` ends open event streams and waits for running requests.
 * `app.routeTable` knows every route, for 405 and for the test that walks them.
 */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    trustProxy:
      deps.trustedProxies === undefined || deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    bodyLimit: bodyBytesMax,
    requestTimeout: 0, // uploads may last; slow headers are cut by headersTimeout below
    forceCloseConnections: "idle",
    genReqId: () => deps.chance.uuid(),
    routerOptions: { maxParamLength: 512 },
    // A path that is no URL is refused before any route or hook.
    clientErrorHandler: clientErrorHandler(deps),
    frameworkErrors: (fault, request, reply) => {
      void answerProblem(deps.log, { fault, request, reply });
    },
  });
  app.server.headersTimeout = headerWaitMs;
  const routeTable = new RouteTable();
  app.decorate("routeTable", routeTable);
  app.addHook("onRoute", (route) => {
    requireAccess(route, isPublic({ url: route.url, config: route.config ?? {} }));
    routeTable.add(route);
  });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are typed by the reads that make them; a second serialiser by schema could only drop what they say.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler((fault, request, reply) => answerProblem(deps.log, { fault, request, reply }));
  app.setNotFoundHandler(notFoundHandler(routeTable));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headersFor(request));
    reply.header("x-request-id", request.id);
  });
  authenticate(app, { ...deps, rates: await requestRates(app, deps.requestRates ?? unlimitedRates) });
  askBefore(app, deps.access);
  maskAtIntake(app);
  if (deps.texts !== undefined) openTexts(app, deps.texts);
  await app.register(swagger, openApiOptions(deps.version));
  await app.register(healthRoutes(deps));
  await app.register(docsRoutes());
  await app.register(sessionRoutes(deps));
  await app.register(
    eventsRoutes({
      live: deps.live,
      log: deps.log,
      ...(deps.shared === undefined ? {} : { shared: deps.shared }),
      ...(deps.sessions === undefined ? {} : { sessions: deps.sessions }),
      ...deps.events,
    }),
  );
  for (const routes of deps.routes) await app.register(routes);
  if (deps.webFolder !== null) await app.register(webRoutes(deps.webFolder));
  await app.ready();
  return app;
}
