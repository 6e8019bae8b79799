export { crimeKinds, type CrimeKind, type CrimeName } from "./crime.ts";
export { createWorld, type Crime, type Delivery, type PlannedCrime, type World, type WorldOptions } from "./world.ts";
export { demoWorld, paced, type DemoWorld } from "./demo.ts";
export { evaluate, formatEvaluation, type Evaluation, type IncidentFound } from "./evaluate.ts";
export { steadySignals, type SteadyOptions } from "./steady.ts";
export { Random } from "./random.ts";
export type {
  SimDevice,
  SimDirectory,
  SimOpeningHours,
  SimProduct,
  SimSalePeriod,
  SimSite,
  SimZone,
} from "./sim-directory.ts";
