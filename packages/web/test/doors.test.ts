import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { purposeRequired, secondary, shareOf, unknownIncident } from "./fixture-grants.ts";
import { incidentId } from "./fixture-world.ts";
import { proveAgain, testOnScreen } from "./on-screen.ts";

const incident = incidentId(1);
const path = `/incidents/${incident}`;
const title = "Tagged spirits left";

const dialog = (page: Page) => page.getByRole("dialog");

async function say(page: Page, purpose: string, ground: string): Promise<void> {
  await dialog(page).getByLabel("Purpose").selectOption({ label: purpose });
  await dialog(page).getByLabel("Legal ground").selectOption({ label: ground });
}

testOnScreen(
  "J18 U13 the personal parts open for a purpose; secondary uses stand there as not possible, with the reason",
  {},
  async ({ page, server, origin }) => {
    server.grants.withheld.set(incident, "purpose_required");
    await page.goto(`${origin}${path}?tab=exhibits`);
    await page.getByText("Opens once you say why, above").waitFor();
    assert.equal(await page.getByRole("button", { name: "Download" }).count(), 0, "no way that ends in a refusal");
    await page.getByRole("button", { name: "Say why" }).click();
    await page.getByText(`Not possible: Staff matters (HR), Advertising and marketing. ${secondary}.`).waitFor();
    for (const name of ["Staff matters (HR)", "Advertising and marketing"]) {
      assert.ok(await dialog(page).getByRole("option", { name }).isDisabled(), name);
    }
    const open = dialog(page).getByRole("button", { name: "Open" });
    assert.ok(await open.isDisabled(), "nothing chosen");
    await say(page, "Incident investigation", "Legitimate interest of the shop");
    await open.click();
    await page.getByRole("button", { name: "Download" }).waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      incidentId: incident,
      purpose: "incident_investigation",
      ground: "legitimate_interest",
    });
  },
);

testOnScreen(
  "O04 O10 a partner sees what is shared, is asked at the door why, and then reads that case and changes nothing",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.grants.may = [
      "account:own",
      "share:list",
      "incident:list",
      "incident:read",
      "incident:open",
      "exhibit:open",
    ];
    server.grants.roles = ["partner_officer"];
    server.grants.shares = [shareOf(1)];
    server.grants.doors.set(incident, purposeRequired);
    await page.goto(origin);
    // The only page of a partner: the way in leads there.
    await page.waitForURL("**/shared");
    await page.getByText("opens when you say why").waitFor();
    await page.getByRole("link", { name: /TW-2026-000123/ }).click();
    await page.getByRole("heading", { name: "Say why you open this case" }).waitFor();
    await page.getByRole("button", { name: "Say why" }).click();
    await say(page, "Request of the police", "An authority's request in writing");
    await dialog(page).getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    for (const name of ["True", "Share", "Add note", "Set by hand", "Next in the queue"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    }
    await page.getByRole("link", { name: "Shared" }).click();
    await page.getByText(/open for: Request of the police/).waitFor();
  },
);

testOnScreen(
  "O04 O10 a case whose share ends leaves the officer's open page at once, and the page says what may have happened",
  { screen: "phone", theme: "dark" },
  async ({ page, server, origin }) => {
    server.grants.may = ["account:own", "share:list", "incident:list", "incident:read", "incident:open"];
    server.grants.roles = ["partner_officer"];
    server.grants.shares = [shareOf(1)];
    await page.goto(`${origin}${path}`);
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    server.grants.doors.set(incident, unknownIncident);
    server.grants.shares = [];
    server.emit({ kind: "shares" });
    await page.getByText("or it is not shared with you, or no longer").waitFor();
    assert.equal(await page.getByText(title).count(), 0, "nothing of the case stays on the screen");
    await page.getByRole("link", { name: "Back to your work" }).click();
    await page.getByRole("heading", { level: 1, name: "Shared with your organisation" }).waitFor();
    assert.equal(await page.getByText("TW-2026-000123").count(), 0);
  },
);

testOnScreen(
  "N13 J18 what a person may see no longer leaves the open page at once: named in it, or the purpose is over",
  {},
  async ({ page, server, origin }) => {
    for (const door of [unknownIncident, purposeRequired]) {
      server.grants.doors.delete(incident);
      await page.goto(`${origin}${path}`);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      server.grants.doors.set(incident, door);
      server.emit({ kind: "access_changed" });
      const shut = door === purposeRequired ? "Say why you open this case" : "This incident cannot be shown";
      await page.getByRole("heading", { name: shut }).waitFor();
      assert.equal(await page.getByText(title).count(), 0, shut);
    }
  },
);

testOnScreen(
  "O10 a case is shared with a partner after a second proof, stands in the list, and is ended with a reason",
  {},
  async ({ page, server, origin }) => {
    server.grants.proven = false;
    await page.goto(origin + path);
    await page.getByText("Nobody outside your organisation sees this case.").waitFor();
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await dialog(page).getByLabel("With").selectOption({ label: "City Police (police)" });
    await dialog(page).getByLabel("What for").selectOption({ label: "Request of the police" });
    await dialog(page).getByLabel("Ground").fill("file 12/2026-417");
    await dialog(page).getByRole("button", { name: "Share" }).click();
    await proveAgain(page);
    await page.getByText("TW-2026-000123 is shared with City Police.").waitFor();
    const card = page.locator("section", { has: page.getByRole("heading", { name: "Shared with" }) });
    await card.getByText("Request of the police: file 12/2026-417").waitFor();
    const posted = server.posted.filter((post) => post.path.endsWith("/shares")).at(-1)?.body as Record<string, string>;
    assert.deepEqual(
      [posted["partnerId"], posted["ground"]],
      ["city-police", "Request of the police: file 12/2026-417"],
    );
    assert.ok(Date.parse(posted["endsAt"] ?? "") > Date.now());
    await card.getByRole("button", { name: "End" }).click();
    await dialog(page).getByLabel("Because").fill("The case went to court.");
    await dialog(page).getByRole("button", { name: "End it now" }).click();
    await card.getByText("Ended", { exact: true }).waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { because: "The case went to court." });
  },
);

testOnScreen("O10 who may see shares and not share is offered nothing to do", {}, async ({ page, server, origin }) => {
  server.grants.shares = [shareOf(1)];
  server.grants.mayWith.set(incident, ["incident:read", "share:read"]);
  await page.goto(origin + path);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Shared with" }) });
  await card.getByText("City Police", { exact: true }).waitFor();
  assert.equal(await card.getByRole("button").count(), 0);
});

testOnScreen(
  "N07 whoever meets a closed door asks right there, and sees where it stands",
  {},
  async ({ page, server, origin }) => {
    server.grants.doors.set(incident, unknownIncident);
    await page.goto(origin + path);
    await page.getByRole("heading", { name: "This incident cannot be shown" }).waitFor();
    await page.getByRole("button", { name: "Ask for access" }).click();
    await say(page, "Incident investigation", "Legitimate interest of the shop");
    await dialog(page).getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText("A sentence, of 10 letters at least.").waitFor();
    await dialog(page).getByLabel("Why you need it").fill("Two of our shops report the same crew.");
    await dialog(page).getByLabel("For how long").selectOption({ label: "a day" });
    await dialog(page).getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText(/it waits for another person's decision/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Ask for access" }).count(), 0, "asked once");
    assert.deepEqual(server.posted.at(-1)?.body, {
      incidentId: incident,
      purpose: "incident_investigation",
      ground: "legitimate_interest",
      hours: 24,
      because: "Two of our shops report the same crew.",
    });
  },
);

testOnScreen(
  "N05 who has no second proof is told how to add one, and after ten minutes that the time is over and what is left",
  {},
  async ({ page, server, origin }) => {
    server.grants.doors.set(incident, unknownIncident);
    server.grants.proven = false;
    server.grants.proof = { passkey: null, code: false };
    const asked = async () => {
      await page.goto(origin + path);
      await page.getByRole("button", { name: "It is an emergency" }).click();
      await dialog(page).getByLabel("What is the emergency?").fill("A child is missing in the shop.");
      await dialog(page).getByRole("button", { name: "Open it now" }).click();
      return page.getByRole("dialog", { name: "Prove that it is you" });
    };
    const late = await asked();
    await late.getByText("One is added within ten minutes of signing in, and that time is over.").waitFor();
    await late.getByText("Sign in again, or ask an administrator for a new link").waitFor();
    await late.getByText("./tillwatch account demo-links").waitFor();
    server.grants.signedInAt = new Date(Date.now() - 60_000).toISOString();
    const early = await asked();
    await early.getByText("Add one under My account, within ten minutes of signing in.").waitFor();
    assert.equal(await early.getByText("time is over").count(), 0);
  },
);

testOnScreen(
  "N08 an emergency opens a case at once after a second proof; the banner stays on every page while it lasts",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.grants.doors.set(incident, unknownIncident);
    server.grants.proven = false;
    await page.goto(origin + path);
    await page.getByRole("button", { name: "It is an emergency" }).click();
    await dialog(page).getByRole("button", { name: "Open it now" }).click();
    await page.getByText("A sentence, of 10 letters at least.").waitFor();
    assert.equal(server.posted.length, 0, "no reason, no glass");
    await dialog(page).getByLabel("What is the emergency?").fill("A child is missing in the shop.");
    await dialog(page).getByRole("button", { name: "Open it now" }).click();
    await proveAgain(page);
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    await page.getByText(/^Emergency access until/).waitFor();
    await page.goto(`${origin}/report`);
    await page.getByText(/^Emergency access until/).waitFor();
  },
);

testOnScreen(
  "N01 U06 a page reached by its address says what it is and whom to ask, and the navigation does not lead there",
  {},
  async ({ page, server, origin }) => {
    server.grants.may = [
      "account:own",
      "incident:list",
      "site:list",
      "incident:report",
      "incident:read",
      "grant:request",
    ];
    server.grants.roles = ["colleague"];
    await page.goto(`${origin}/audit`);
    await page.getByRole("heading", { name: "Audit is not part of your work here" }).waitFor();
    await page.getByText(/Store colleague.*ask whoever administers people/).waitFor();
    const links = await page.getByRole("navigation", { name: "Pages" }).getByRole("link").allInnerTexts();
    assert.deepEqual(links, ["Queue", "Report", "Access for a time"]);
    await page.goto(origin + path);
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    for (const name of ["True", "Build a packet", "Correct or complete", "Share", "Set by hand", "Add note", "Close"]) {
      assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
    }
    await page.keyboard.press("t");
    await page.keyboard.press("n");
    assert.equal(server.posted.length, 0, "a key does nothing that no button offers");
  },
);
