import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { FixtureGrants } from "./fixture-grants.ts";
import { testOnScreen } from "./on-screen.ts";
import { pagesOfWorld } from "./pages.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Finding = { readonly id: string; readonly impact: string; readonly nodes: readonly { readonly html: string }[] };

/** `rules`: those to ask alone; all of them where it is not given. */
async function graveFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  const findings = await page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Finding[] }> } };
    return (await axe.run(only === undefined ? {} : { runOnly: only })).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html }) => ({ html })),
    }));
  }, rules);
  return findings
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
}

/** Evaluated by the debugger, because the page's own security policy refuses foreign scripts. */
async function loadAxe(page: Page): Promise<void> {
  await page.evaluate(axeSource);
}

// In the dark the same document has other colours: only they are asked again.
const colours = ["color-contrast"];

for (const screen of ["desk", "phone"] as const) {
  testOnScreen(
    `M18 axe finds nothing serious on any page, light or dark: ${screen}`,
    { screen, theme: "light" },
    async ({ page, origin, server }) => {
      for (const { name, path, ready, given, prepare } of pagesOfWorld) {
        server.grants = new FixtureGrants();
        given?.(server.grants);
        await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
        await page.goto(origin + path);
        await page.getByText(ready).filter({ visible: true }).first().waitFor();
        await prepare?.(page);
        await loadAxe(page);
        assert.deepEqual(await graveFindings(page), [], name);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(overflow <= 0, `${name} scrolls sideways by ${overflow} px`);
        await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
        assert.deepEqual(await graveFindings(page, colours), [], `${name}, dark`);
      }
    },
  );
}

testOnScreen("M18 the check itself finds what is wrong", {}, async ({ page, origin }) => {
  await page.goto(origin);
  await page.getByText("Panic button at the tills").waitFor();
  await page.evaluate(() => {
    const field = document.createElement("input");
    document.querySelector("main")?.append(field);
  });
  await loadAxe(page);
  assert.match((await graveFindings(page)).join(), /critical label/);
});

testOnScreen(
  "M18 the check itself finds ink that cannot be read in the dark, on a page that was opened in the light",
  { theme: "light" },
  async ({ page, origin }) => {
    await page.goto(origin);
    await page.getByText("Panic button at the tills").waitFor();
    await loadAxe(page);
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    assert.deepEqual(await graveFindings(page, colours), []);
    await page.evaluate(() => document.querySelector("main")?.style.setProperty("color", "#333"));
    await page.evaluate(() => document.querySelector("main")?.append("hardly to be read"));
    assert.match((await graveFindings(page, colours)).join(), /serious color-contrast/);
  },
);
