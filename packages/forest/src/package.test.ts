import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

test("C06 the forest needs no other package and nothing of the machine, so that it runs in browsers too", () => {
  const root = new URL("..", import.meta.url);
  const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { dependencies?: object };
  assert.equal(manifest.dependencies, undefined);
  const sources = globSync("src/**/*.ts", { cwd: root }).filter(
    (path) => !path.endsWith(".test.ts") && !path.includes("testing/"),
  );
  assert.ok(sources.length > 8);
  for (const path of sources) {
    const text = readFileSync(new URL(path, root), "utf8");
    for (const [, from] of text.matchAll(/from "([^"]+)"/g)) assert.match(from ?? "", /^\.\//, path);
    assert.doesNotMatch(text, /\b(?:process|Buffer|require|Date\.now|Math\.random)\b/, path);
  }
});
