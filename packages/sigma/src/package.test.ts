import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

test("C09 the engine needs yaml and re2js alone, so that it runs in browsers too", () => {
  const root = new URL("..", import.meta.url);
  const { dependencies }: { dependencies: object } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  assert.deepEqual(Object.keys(dependencies).sort(), ["re2js", "yaml"]);
  const sources = globSync("src/**/*.ts", { cwd: root }).filter(
    (path) => !path.endsWith(".test.ts") && !path.includes("/testing/"),
  );
  assert.ok(sources.length > 20);
  for (const path of sources) {
    const text = readFileSync(new URL(path, root), "utf8");
    for (const [, from] of text.matchAll(/from "([^"]+)"/g))
      assert.match(from ?? "", /^(?:\.\.?\/|yaml$|re2js$)/, path);
    assert.doesNotMatch(text, /\b(?:process|Buffer|require|Date\.now|Math\.random)\b/, path);
  }
});
