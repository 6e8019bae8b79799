export * from "./ids.ts";
export * from "./incident.ts";
export * from "./json.ts";
export * from "./problem.ts";
export * from "./result.ts";
export * from "./score.ts";
export * from "./signal.ts";
export * from "./source.ts";
