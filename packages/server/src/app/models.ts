import type { FastifyPluginAsync } from "fastify";
import { modelRoutes, type ModelDeps } from "../model/model-http.ts";
import { modelGauges } from "../model/model-metrics.ts";
import { ModelWatch } from "../model/model-watch.ts";
import { createMetrics, type Metrics } from "../platform/metrics.ts";

type Opened = {
  readonly metrics: Metrics;
  readonly modelWatch: ModelWatch;
  readonly modelRoutes: FastifyPluginAsync;
};

/** The numbers of this process with those of the pack's models, who watches over the models, and their routes. */
export function openMetrics(deps: Omit<ModelDeps, "watch">): Opened {
  const metrics = createMetrics();
  const modelWatch = new ModelWatch();
  const given = { ...deps, watch: modelWatch };
  for (const gauge of modelGauges(given)) metrics.registry.registerMetric(gauge);
  return { metrics, modelWatch, modelRoutes: modelRoutes(given) };
}
