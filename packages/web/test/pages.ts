import type { Page } from "playwright-core";
import { incidentId } from "./fixture-world.ts";

/** Every page and every section that looks different, with a text that is there once it has loaded. */
export const pagesOfWorld: readonly {
  readonly name: string;
  readonly path: string;
  readonly ready: string | RegExp;
  readonly prepare?: (page: Page) => Promise<void>;
}[] = [
  { name: "queue", path: "/", ready: "Panic button at the tills" },
  { name: "watch-list", path: "/?view=watch", ready: "Somebody lingers" },
  { name: "queue-empty", path: "/?site=S-1001&category=vandalism", ready: "Nothing matches" },
  ...(["why", "timeline", "signals", "exhibits", "packet", "work", "history"] as const).map((tab) => ({
    name: `incident-${tab}`,
    path: `/incidents/${incidentId(1)}?tab=${tab}`,
    ready: "Tagged spirits left",
  })),
  {
    name: "incident-dialog",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Tagged spirits left",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Set by hand" }).click();
      await page.getByRole("dialog").getByLabel("Severity").waitFor();
    },
  },
  { name: "incident-missing", path: `/incidents/${incidentId(999)}`, ready: "cannot be shown" },
  { name: "report", path: "/report", ready: "What happened?" },
  {
    name: "report-chosen",
    path: "/report",
    ready: "What happened?",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Assault" }).click();
      await page.getByRole("button", { name: "Send report" }).click();
    },
  },
  { name: "sources", path: "/sources", ready: "Entrance camera" },
  { name: "dead-letters", path: "/sources?tab=dead-letters", ready: "No site S-9999" },
  {
    name: "audit",
    path: "/audit",
    ready: "1,842",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Verify now" }).click();
      await page.getByText("Verified:").waitFor();
    },
  },
  { name: "sign-in", path: "/sign-in", ready: "Access token" },
  { name: "not-found", path: "/nowhere", ready: "There is no page" },
];
