import type { Page } from "playwright-core";
import { grantsOfAll, shareOf } from "./fixture-grants.ts";
import { watchedFilter, watchedRule } from "./fixture-rules.ts";
import { cameraSilence, gateSilence } from "./fixture-silences.ts";
import { incidentId } from "./fixture-world.ts";

import { pagesOfCases, type PageOfWorld } from "./pages-of-cases.ts";

/** Every page and every section that looks different. */
export const pagesOfWorld: readonly PageOfWorld[] = [
  ...pagesOfCases,
  {
    name: "shared",
    path: "/shared",
    ready: "Northwind Stores",
    given: (grants) => {
      grants.may = ["share:list", "incident:list", "account:own"];
      grants.shares = [shareOf(1), shareOf(2, { ref: "TW-2026-000098", incidentId: incidentId(2) })];
    },
  },
  {
    name: "shared-nothing",
    path: "/shared",
    ready: "Nothing is shared with you now",
    given: (grants) => (grants.may = ["share:list"]),
  },
  { name: "grants", path: "/grants", ready: "A child is missing", given: (grants) => (grants.grants = grantsOfAll()) },
  { name: "grants-nothing", path: "/grants", ready: "You have no access besides your role" },
  { name: "policies", path: "/policies", ready: "What is about a person opens" },
  {
    name: "not-for-you",
    path: "/audit",
    ready: "is not part of your work",
    given: (grants) => (grants.may = ["incident:list", "site:list", "incident:report"]),
  },
  {
    name: "first-place",
    path: "/",
    ready: "What you can do here",
    given: (grants) => (grants.may = ["audit:read", "grant:request", "policy:read"]),
  },
  { name: "rules", path: "/rules", ready: "Panic button pressed" },
  { name: "rule", path: `/rules/${watchedRule}`, ready: "What version 2 matched" },
  {
    name: "rule-versions",
    path: `/rules/${watchedRule}`,
    ready: "What version 2 matched",
    prepare: async (page) => {
      await page.getByRole("tab", { name: "Versions" }).click();
      await page.getByText("Added: 1, taken out: 1").waitFor();
    },
  },
  {
    name: "rule-broken",
    path: `/rules/${watchedRule}`,
    ready: "What version 2 matched",
    prepare: async (page) => {
      await page.getByRole("tab", { name: "Edit" }).click();
      const file = page.getByLabel("Rule file");
      await file.fill((await file.inputValue()).replace("event_type:", "event_type|near:"));
      await page.getByText("does not exist").waitFor();
    },
  },
  {
    name: "rule-history",
    path: `/rules/${watchedRule}`,
    ready: "What version 2 matched",
    prepare: async (page) => page.getByRole("tab", { name: "History" }).click(),
  },
  { name: "filter", path: `/rules/${watchedFilter}`, ready: "would have kept out while it watched" },
  { name: "filter-new", path: "/rules/new?kind=filter", ready: "2 of 2 pass" },
  {
    name: "filter-idle",
    path: "/rules/new?kind=filter",
    ready: "2 of 2 pass",
    prepare: async (page) => {
      const file = page.getByLabel("Rule file");
      await file.fill((await file.inputValue()).replace("pos_void", "pos_sale"));
      await page.getByText("1 of 3 pass").waitFor();
    },
  },
  { name: "rule-new", path: "/rules/new", ready: "2 of 2 pass" },
  {
    name: "rule-backtest",
    path: "/rules/new",
    ready: "2 of 2 pass",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Backtest", exact: true }).click();
      await page.getByText("214,870 signals").waitFor();
    },
  },
  { name: "silences", path: "/silences", ready: "Stocktaking" },
  { name: "silence", path: `/silences/${gateSilence}`, ready: "would have opened" },
  { name: "silence-to-sign", path: `/silences/${cameraSilence}`, ready: "waits for a second person" },
  { name: "silence-new", path: "/silences/new", ready: "they are never silenced" },
  {
    name: "silence-new-filled",
    path: "/silences/new?rule=05563672-ae5a-4bb7-a7ce-502ed8ce69a4&site=S-1001",
    ready: "they are never silenced",
    prepare: async (page) => {
      await page.getByLabel("For", { exact: true }).selectOption("4");
      await page.getByText("nobody is told of").waitFor();
      await page.getByRole("button", { name: "Silence it" }).click();
    },
  },
  { name: "models", path: "/models", ready: "Does its training still hold?" },
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
  {
    name: "report-described",
    path: "/report",
    ready: "Report what happened",
    prepare: async (page) => {
      await page.getByText(/^(Change|Suspicious behaviour)$/).waitFor();
      // The choice of the page before is kept on the device.
      const change = page.getByRole("button", { name: "Change", exact: true });
      if ((await change.count()) > 0) await change.click();
      await page.getByRole("button", { name: "Shoplifting" }).click();
      await page.getByLabel("In your words").fill("A black man paid with 4111 1111 1111 1111");
      await page.getByText("tells where somebody seems").waitFor();
      await page.getByRole("button", { name: "Describe a person" }).click();
      await page.getByRole("button", { name: "backpack" }).first().click();
    },
  },
  {
    name: "report-colleague",
    path: "/report",
    ready: "Report what happened",
    prepare: async (page) => {
      await page.getByText(/^(Change|Suspicious behaviour)$/).waitFor();
      const change = page.getByRole("button", { name: "Change", exact: true });
      if ((await change.count()) === 0) await page.getByRole("button", { name: "Shoplifting" }).click();
      await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
      await page.getByLabel("A colleague of mine is involved").check();
      await page.getByLabel("Bob Stone").check();
      await page.getByText("1 picked.").scrollIntoViewIfNeeded();
    },
  },
  { name: "privacy-requests", path: "/privacy", ready: "SR-2026-000001" },
  {
    name: "privacy-request",
    path: "/privacy",
    ready: "SR-2026-000001",
    prepare: async (page) => {
      await page.getByRole("button", { name: "SR-2026-000001" }).filter({ visible: true }).first().click();
      await page.getByText("Please tell me what you keep").waitFor();
    },
  },
  { name: "privacy-watch", path: "/privacy?tab=watch", ready: "waits for another person" },
  {
    name: "privacy-persons",
    path: "/privacy?tab=persons",
    ready: "Is somebody known?",
    prepare: async (page) => {
      await page.getByLabel("What you have").fill("Anna Example");
      await page.getByLabel("Case").fill("TW-2026-000123");
      await page.getByLabel("Because").fill("Staff say that she came back.");
      await page.getByRole("button", { name: "Look up" }).click();
      await page.getByText("objection: used no further").waitFor();
    },
  },
  {
    name: "privacy-consents",
    path: "/privacy?tab=consents",
    ready: "photo-of-visitors",
    prepare: async (page) => {
      await page.getByText("1 person agrees").click();
      await page.getByLabel("Token of the person").fill("person:1");
      await page.getByRole("button", { name: "Show", exact: true }).click();
      await page.getByText("Holds", { exact: true }).waitFor();
    },
  },
  {
    name: "privacy-consent",
    path: "/privacy?tab=consents",
    ready: "photo-of-visitors",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Add a version" }).click();
      await page.getByLabel("The text as people see it").waitFor();
    },
  },
  { name: "privacy-objections", path: "/privacy?tab=objections", ready: "On no watch list" },
  { name: "privacy-tills", path: "/privacy?tab=tills", ready: "Her badge, which all shops know." },
  {
    name: "privacy-tills-join",
    path: "/privacy?tab=tills",
    ready: "Her badge, which all shops know.",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Join an operator" }).click();
      await page.getByLabel("Who", { exact: true }).selectOption("Priya Raman");
      await page.getByLabel("Operator", { exact: true }).fill("k-4");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByText("A sentence, of 10 letters").waitFor();
    },
  },
  { name: "privacy-figures", path: "/privacy?tab=figures", ready: "found in it: known person" },
  { name: "privacy-retention", path: "/privacy?tab=retention", ready: "Due to be destroyed" },
  {
    name: "privacy-retention-confirm",
    path: "/privacy?tab=retention",
    ready: "Due to be destroyed",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("button", { name: "Destroy it" }).waitFor();
    },
  },
  {
    name: "privacy-retention-keep",
    path: "/privacy?tab=retention",
    ready: "Due to be destroyed",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Keep longer" }).first().click();
      await page.getByRole("button", { name: "Keep it" }).click();
      await page.getByText("Choose the day until which").waitFor();
    },
  },
  { name: "privacy-sites", path: "/privacy?tab=sites", ready: "30 instead of 3" },
  { name: "privacy-cameras", path: "/privacy?tab=cameras", ready: "Camera C-02" },
  { name: "privacy-review", path: "/privacy?tab=review", ready: "60 % of 40 judged" },
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
  {
    name: "audit-ask",
    path: "/audit?subject=22222222-2222-4222-8222-222222222222&did=saw",
    ready: "Who saw exhibit",
    prepare: async (page) => {
      await page.getByText("When, why, by whom").click();
      await page.getByText("Severity 0.97 reached").first().click();
    },
  },
  {
    name: "audit-misuse",
    path: "/audit?tab=misuse",
    ready: "Browsing outside of working hours",
    prepare: async (page) => {
      await page.getByText("looked at 3 things").click();
      await page.getByRole("button", { name: "There is an explanation" }).waitFor();
    },
  },
  { name: "audit-interests", path: "/audit?tab=interests", ready: "3 words" },
  {
    name: "audit-interests-note",
    path: "/audit?tab=interests",
    ready: "3 words",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Note more of Joost de Wit" }).click();
      await page.getByLabel("Words").fill("Elm Street");
    },
  },
  {
    name: "audit-interests-back",
    path: "/audit?tab=interests",
    ready: "3 words",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Take back of Joost de Wit" }).click();
      await page.getByRole("button", { name: "Take it back" }).click();
      await page.getByText("A sentence, of 10 letters").waitFor();
    },
  },
  {
    name: "audit-controls",
    path: "/audit?tab=controls",
    ready: "Row-level security is on",
    prepare: async (page) => {
      await page.getByText("Row-level security is on").first().click();
    },
  },
  { name: "audit-configuration", path: "/audit?tab=changes", ready: "Fewer false alarms" },
  { name: "sign-in", path: "/sign-in", ready: "Other ways" },
  {
    name: "sign-in-token",
    path: "/sign-in",
    ready: "Other ways",
    prepare: async (page) => page.getByRole("button", { name: "Access token" }).click(),
  },
  { name: "set-up", path: "/set-up#a-link-of-the-fixture", ready: "Choose how you sign in" },
  {
    name: "set-up-password",
    path: "/set-up?again#a-link-of-the-fixture",
    ready: "Choose how you sign in",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Password and authenticator app" }).click();
      await page.getByText("Scan this").waitFor();
    },
  },
  { name: "trust", path: "/trust", ready: "Who may see and do what" },
  { name: "account", path: "/account", ready: "Where you are signed in" },
  {
    name: "account-password",
    path: "/account",
    ready: "Where you are signed in",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Change", exact: true }).click();
      await page.getByText("Scan this").waitFor();
    },
  },
  { name: "people", path: "/people", ready: "Joost de Wit" },
  {
    name: "people-invite",
    path: "/people",
    ready: "Joost de Wit",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Invite" }).click();
      await page.getByRole("button", { name: "Make the link" }).click();
    },
  },
  {
    name: "people-person",
    path: "/people",
    ready: "Joost de Wit",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Joost de Wit" }).click();
      await page.getByText("Safari on iPhone", { exact: true }).waitFor();
    },
  },
  { name: "devices", path: "/devices", ready: "Spirits camera" },
  { name: "devices-one", path: "/devices?device=S-1001%2FC-02", ready: "192.0.2.17" },
  {
    name: "devices-code",
    path: "/devices?device=S-1001%2FC-01",
    ready: "Being replaced",
    prepare: async (page) => {
      await page.getByRole("button", { name: /^Make a/ }).click();
      await page.getByText("K7Q2M").waitFor();
    },
  },
  { name: "access-programs", path: "/access", ready: "Wall screen" },
  { name: "access-vendors", path: "/access?tab=vendors", ready: "T-4711" },
  { name: "access-vendor-request", path: "/access?tab=vendors", ready: "T-4711", prepare: askForVendor },
  { name: "access-webhooks", path: "/access?tab=webhooks", ready: "webhook_status_refused" },
  { name: "access-review", path: "/access?tab=review", ready: "Bob Stone" },
  { name: "not-found", path: "/nowhere", ready: "There is no page" },
];

async function askForVendor(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Let a vendor in" }).click();
  await page.getByLabel("As", { exact: true }).selectOption({ label: "Auditor" });
  await page.getByLabel("Searches the record and fetches proofs").waitFor();
}
