import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { testOnScreen } from "./on-screen.ts";
import { pagesOfWorld } from "./pages.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Finding = { readonly id: string; readonly impact: string; readonly nodes: readonly { readonly html: string }[] };

async function graveFindings(page: Page): Promise<string[]> {
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html }) => ({ html })),
    }));
  });
  return findings
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
}

/** Evaluated by the debugger, because the page's own security policy refuses foreign scripts. */
async function loadAxe(page: Page): Promise<void> {
  await page.evaluate(axeSource);
}

for (const screen of ["desk", "phone"] as const) {
  for (const theme of ["light", "dark"] as const) {
    testOnScreen(
      `M18 axe finds nothing serious on any page: ${screen}, ${theme}`,
      { screen, theme },
      async ({ page, origin }) => {
        for (const { name, path, ready, prepare } of pagesOfWorld) {
          await page.goto(origin + path);
          await page.getByText(ready).filter({ visible: true }).first().waitFor();
          await prepare?.(page);
          await loadAxe(page);
          assert.deepEqual(await graveFindings(page), [], name);
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.ok(overflow <= 0, `${name} scrolls sideways by ${overflow} px`);
        }
      },
    );
  }
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
