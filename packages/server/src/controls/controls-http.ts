import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { homeOrganisation } from "../access/principal.ts";
import { typed } from "../api/typed.ts";
import { configurationContent, configurationHistory } from "../record/configuration-append.ts";
import type { Db } from "../schema.ts";
import type { ControlRunner } from "./control-runner-append.ts";

const tags = ["controls"];
const historyQuery = Type.Object(
  { path: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "score incident_threshold" })) },
  { additionalProperties: false },
);

/**
 * Whether the controls hold, and what was in force when. Controls look at the installation as a whole, with evidence of whoever is in it: they are
 * for its own organisation. Of the configuration another one sees what decides about its signals, and no setting of the installation.
 */
export function controlRoutes({ db, runner }: { readonly db: Db; readonly runner: ControlRunner }): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = { tags, operationId: "listControls", summary: "Each control with its latest runs and their evidence" };
    app.get(
      "/api/v1/controls",
      { schema: list, config: { access: { action: "control:read", on: "installation" } } },
      async () => ({ items: await runner.views() }),
    );
    const run = { tags, operationId: "runControls", summary: "Checks every control now" };
    app.post(
      "/api/v1/controls/run",
      { schema: run, config: { access: { action: "control:run", on: "installation" } } },
      async (request) => {
        await runner.runAll(actorOf(request).token);
        return { items: await runner.views() };
      },
    );
    const history = {
      tags,
      operationId: "readConfigurationHistory",
      summary: "What was in force when, and why it changed; newest first",
      querystring: historyQuery,
    };
    app.get(
      "/api/v1/configuration",
      { schema: history, config: { access: { action: "configuration:read", on: "organisation" } } },
      async (request) => {
        // Settings and program are the operator's; what decides about signals is everybody's whose signals they are.
        const parts = actorOf(request).organisationId === homeOrganisation ? "all" : "of_pack";
        return {
          items: await configurationHistory(db, { path: request.query.path ?? null, parts }),
          content: await configurationContent(db, parts),
        };
      },
    );
  };
}
