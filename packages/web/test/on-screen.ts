import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { browserMissing, builtPage, openBrowser, type Look } from "./browser.ts";
import { FixtureServer } from "./fixture-server.ts";

export type Scene = { readonly page: Page; readonly server: FixtureServer; readonly origin: string };

/**
 * A test in a real browser, on the built page, with a fresh world and a fresh profile. It fails also where the page threw, logged an
 * error, or ran into its content security policy.
 */
export function testOnScreen(name: string, look: Look, run: (scene: Scene) => Promise<void>): void {
  void test(name, { skip: browserMissing(), timeout: 300_000 }, async () => {
    const server = new FixtureServer(await builtPage());
    const origin = await server.listen();
    const { page, faults, close } = await openBrowser(look);
    try {
      page.setDefaultTimeout(15_000);
      await run({ page, server, origin });
      assert.deepEqual(faults, []);
    } finally {
      await close();
      await server.close();
    }
  });
}

/** Proves once more who one is, and waits until that dialog is gone: until then it stands over the one that asked for it. */
export async function proveAgain(page: Page): Promise<void> {
  const proof = page.getByRole("dialog", { name: "Prove that it is you" });
  await proof.getByLabel("Code of your authenticator app").fill("123456");
  await proof.getByRole("button", { name: "Use this code" }).click();
  await proof.waitFor({ state: "hidden" });
}

/** Waits until `isSo` holds; fails with `says` after ten seconds. */
export async function eventually(says: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > endMs) assert.fail(`not within ten seconds: ${says}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Sums how far things jumped since the page opened (Layout Instability API); what follows a key or a click within 0.5 s is not counted. */
export async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const sum = { value: 0 };
    Object.assign(globalThis, { layoutShift: sum });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as PerformanceEntry & { readonly value: number; readonly hadRecentInput: boolean };
        if (!shift.hadRecentInput) sum.value += shift.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { layoutShift: { value: number } }).layoutShift.value);
}
