import { describeFault, type Log } from "./log.ts";

type Closable = { close: () => unknown };

/** Registers each thing's closing as it is built; closes in reverse, goes on past a failure and reports it. */
export class ClosingStack {
  readonly #log: Log;
  readonly #steps: { name: string; close: () => unknown }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add<T extends Closable>(name: string, thing: T): T {
    this.#steps.push({ name, close: () => thing.close() });
    return thing;
  }

  async close(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.close();
      } catch (fault) {
        this.#log.error("closing failed", { step: step.name, fault: describeFault(fault) });
      }
    }
  }
}
