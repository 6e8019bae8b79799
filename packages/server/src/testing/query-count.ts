import { AsyncLocalStorage } from "node:async_hooks";
import { PGlite } from "@electric-sql/pglite";

/** How often the embedded database was asked on behalf of a piece of work, until that work was done. */
const counting = new AsyncLocalStorage<{ queries: number }>();

type Methods = Pick<PGlite, "query" | "exec">;

/** Every PGlite of this process counts from here on, for whoever is being counted for. */
const methods: Methods = PGlite.prototype;
for (const name of ["query", "exec"] as const) {
  const plain = Reflect.get(methods, name) as (...asked: unknown[]) => unknown;
  const counted = function counted(this: PGlite, ...asked: unknown[]): unknown {
    const count = counting.getStore();
    if (count !== undefined) count.queries += 1;
    return Reflect.apply(plain, this, asked);
  };
  Reflect.set(methods, name, counted);
}

/** Runs `work` and answers what it answered, with the number of its database round trips up to then. */
export async function countingQueries<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T; readonly queries: number }> {
  const count = { queries: 0 };
  const done = await counting.run(count, work);
  return { done, queries: count.queries };
}
