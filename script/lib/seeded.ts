import { registerHooks } from "node:module";

/**
 * Loaded before each test file of `script/test` and `script/conformance`: properties begin at the same seed in every plain run, so that a change is
 * judged and not the dice. TILLWATCH_FUZZ_SEED names another one; `node --test FILE` draws one each time, and prints it where it finds something.
 */
const seeded = new URL("./seeded-fast-check.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "fast-check" && context.parentURL !== seeded
      ? { url: seeded, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});
