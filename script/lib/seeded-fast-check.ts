import fc from "fast-check";

/** In place of the library where `seeded.ts` is loaded. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["TILLWATCH_FUZZ_SEED"] ?? 1) });

export * from "fast-check";
// The library has one, and tests import it by that.
// oxlint-disable-next-line import/no-default-export
export { fc as default };
