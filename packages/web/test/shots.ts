// Takes a picture of every page: `node packages/web/test/shots.ts FOLDER`. For people who look at the design, not for the tests.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { builtPage, openBrowser } from "./browser.ts";
import { FixtureGrants } from "./fixture-grants.ts";
import { FixtureServer } from "./fixture-server.ts";
import { pagesOfWorld } from "./pages.ts";

const folder = process.argv[2] ?? "/tmp/web-shots";
const only = process.argv[3];
mkdirSync(folder, { recursive: true });
const server = new FixtureServer(await builtPage());
const origin = await server.listen();
for (const screen of ["desk", "phone"] as const) {
  for (const theme of ["light", "dark"] as const) {
    const { page, close } = await openBrowser({ screen, theme });
    for (const { name, path, ready, given, prepare } of pagesOfWorld) {
      if (only !== undefined && !name.includes(only)) continue;
      server.grants = new FixtureGrants();
      given?.(server.grants);
      await page.goto(origin + path);
      await page.getByText(ready).filter({ visible: true }).first().waitFor();
      await prepare?.(page);
      await page.waitForTimeout(150);
      await page.screenshot({
        path: join(folder, `${name}-${screen}-${theme}.png`),
        fullPage: screen === "phone" && name.startsWith("incident"),
      });
    }
    await close();
  }
}
await server.close();
