import type { Page } from "playwright-core";
import { FixtureDrafts } from "./fixture-drafts.ts";
import { purposeRequired, shareOf, type FixtureGrants } from "./fixture-grants.ts";
import { incidentId } from "./fixture-world.ts";

/** A page or section that looks different, with a text that is there once it has loaded. */
export type PageOfWorld = {
  readonly name: string;
  readonly path: string;
  readonly ready: string | RegExp;
  readonly given?: (grants: FixtureGrants) => void; // how the world differs from the usual one
  readonly prepare?: (page: Page) => Promise<void>;
};

/** The queue and the cases. */
export const pagesOfCases: readonly PageOfWorld[] = [
  { name: "queue", path: "/", ready: "Panic button at the tills" },
  { name: "watch-list", path: "/?view=watch", ready: "Somebody lingers" },
  { name: "incident-silenced", path: `/incidents/${incidentId(22)}`, ready: "A silence keeps this on the watch list" },
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
  {
    name: "incident-original",
    path: `/incidents/${incidentId(1)}?tab=exhibits`,
    ready: "asked",
    prepare: async (page) => {
      await page.getByText("How the copy was made").click();
      await page.getByText("SHA-256 of the copy").waitFor();
    },
  },
  {
    name: "incident-mark-people",
    path: `/incidents/${incidentId(1)}?tab=exhibits`,
    ready: "asked",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Mark people" }).click();
      await page.getByRole("button", { name: "Add an area" }).click();
      await page.getByLabel("Width, ‰").waitFor();
    },
  },
  {
    name: "incident-ask-original",
    path: `/incidents/${incidentId(1)}?tab=exhibits`,
    ready: "asked",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Ask for the original" }).click();
      await page.getByRole("dialog").getByLabel("Because").waitFor();
    },
  },
  {
    name: "incident-drafts",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Drafts by programs",
    given: (grants) => (grants.drafts = new FixtureDrafts()),
  },
  {
    name: "incident-draft",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Drafts by programs",
    given: (grants) => (grants.drafts = new FixtureDrafts()),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Review the draft" }).click();
      await page.getByText("How it was made").click();
      await page.getByText("Say in two sentences").waitFor();
    },
  },
  {
    name: "incident-drafted",
    path: `/incidents/${incidentId(1)}?tab=timeline`,
    ready: "Drafted by example-writer",
    given: (grants) => (grants.drafts = new FixtureDrafts()),
    prepare: async (page) => {
      await page.getByRole("button", { name: "What was changed" }).click();
      await page.getByRole("dialog").locator("ins", { hasText: "three" }).waitFor();
    },
  },
  { name: "incident-missing", path: `/incidents/${incidentId(999)}`, ready: "cannot be shown" },
  {
    name: "incident-withheld",
    path: `/incidents/${incidentId(1)}?tab=exhibits`,
    ready: "Say why you need it",
    given: (grants) => grants.withheld.set(incidentId(1), "purpose_required"),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Say why" }).click();
      await page.getByText("Not possible: Staff matters").waitFor();
    },
  },
  {
    name: "incident-door",
    path: `/incidents/${incidentId(1)}`,
    ready: "Say why you open this case",
    given: (grants) => grants.doors.set(incidentId(1), purposeRequired),
  },
  {
    name: "incident-closed-door",
    path: `/incidents/${incidentId(999)}`,
    ready: "cannot be shown",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Ask for access" }).click();
      await page.getByText("Not possible: Staff matters").waitFor();
    },
  },
  {
    name: "incident-emergency",
    path: `/incidents/${incidentId(999)}`,
    ready: "cannot be shown",
    prepare: async (page) => {
      await page.getByRole("button", { name: "It is an emergency" }).click();
      await page.getByText("It opens at once").waitFor();
    },
  },
  {
    name: "incident-shared",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Tagged spirits left",
    given: (grants) => {
      grants.shares = [shareOf(1), shareOf(2, { partner: "Harbour Insurance", revokedAt: "2026-11-20T10:00:00Z" })];
    },
    prepare: async (page) => page.getByText("Harbour Insurance").waitFor(),
  },
  {
    name: "incident-share",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Tagged spirits left",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Share", exact: true }).click();
      await page.getByLabel("What for").waitFor();
    },
  },
  {
    name: "incident-hold",
    path: `/incidents/${incidentId(1)}?tab=work`,
    ready: "Tagged spirits left",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Hold", exact: true }).click();
      await page.getByLabel("Matter").waitFor();
    },
  },
  {
    name: "incident-release",
    path: `/incidents/${incidentId(3)}?tab=packet`,
    ready: "Not taken yet",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Release", exact: true }).click();
      await page.getByText("It may leave all the same").waitFor();
      await page.getByLabel("To", { exact: true }).selectOption({ label: "Somebody outside, by name" });
    },
  },
];
