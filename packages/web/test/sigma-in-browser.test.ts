import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Rollup } from "vite";
import { readmeExamples } from "../../sigma/src/testing/readme.ts";
import { browserMissing, openBrowser } from "./browser.ts";

const sigma = fileURLToPath(new URL("../../sigma", import.meta.url));

/** One script that runs the example, with the engine in it. */
async function bundled(code: string): Promise<string> {
  const entry = `${sigma}/src/example.ts`;
  const answered = await build({
    root: sigma,
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "example",
        enforce: "pre",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "example" } },
  });
  const [output] = (Array.isArray(answered) ? answered : [answered]) as readonly Rollup.RollupOutput[];
  const chunk = output?.output[0];
  assert.ok(chunk !== undefined && output?.output.length === 1);
  return chunk.code;
}

test(
  "C09 the engine runs in a browser: the examples of its page print there what they print here",
  { skip: browserMissing() },
  async () => {
    const { page, faults, close } = await openBrowser({});
    try {
      await page.goto("about:blank");
      for (const { code, prints } of readmeExamples()) {
        const said = "const said = []; const console = { log: (...words) => said.push(words.join(' ')) };";
        const script = `(() => { ${said} ${await bundled(code)}; return said.map((line) => line + "\\n").join(""); })()`;
        assert.equal(await page.evaluate(script), prints);
      }
      assert.deepEqual(faults, []);
    } finally {
      await close();
    }
  },
);
