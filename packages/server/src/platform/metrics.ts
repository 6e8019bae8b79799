import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** The numbers that Prometheus reads. One instance a process; nothing is registered globally. */
export type Metrics = {
  readonly registry: Registry;
  readonly signalsTotal: Counter<"outcome">; // accepted, duplicate, dead_lettered, refused
  readonly processedTotal: Counter;
  readonly incidentChangesTotal: Counter<"kind">;
  readonly batchSeconds: Histogram;
  readonly detectionSeconds: Histogram; // receipt of a signal to the commit of what it changed
  readonly liveReaders: Gauge;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    signalsTotal: new Counter({
      name: "tillwatch_signals_total",
      help: "Signals by what became of them at intake",
      labelNames: ["outcome"],
      registers,
    }),
    processedTotal: new Counter({
      name: "tillwatch_signals_processed_total",
      help: "Signals that went through the pipeline",
      registers,
    }),
    incidentChangesTotal: new Counter({
      name: "tillwatch_incident_changes_total",
      help: "Changes of incidents and watch items by kind",
      labelNames: ["kind"],
      registers,
    }),
    batchSeconds: new Histogram({
      name: "tillwatch_batch_seconds",
      help: "Duration of a pipeline batch from its first read to its commit",
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    }),
    detectionSeconds: new Histogram({
      name: "tillwatch_detection_seconds",
      help: "Receipt of a signal to the commit of the incident or watch item that it changed",
      buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    }),
    liveReaders: new Gauge({ name: "tillwatch_live_readers", help: "Open streams of server-sent events", registers }),
  };
}
