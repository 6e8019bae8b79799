import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { grantsOfAll } from "./fixture-grants.ts";
import { testOnScreen } from "./on-screen.ts";

const section = (page: Page, title: string) =>
  page.locator("section", { has: page.getByRole("heading", { name: title }) });

testOnScreen(
  "N07 N08 another person decides, reviews and ends; the own shows its end and offers nothing",
  {},
  async ({ page, server, origin }) => {
    server.grants.grants = grantsOfAll();
    await page.goto(`${origin}/grants`);
    await page.getByText("One emergency access waits for your review.").waitFor();
    const own = section(page, "Mine").getByRole("listitem");
    await own.getByText("Open", { exact: true }).waitFor();
    assert.equal(await own.getByRole("button").count(), 0, "nobody ends or decides on the own");
    await own.getByText(/until \d\d/).waitFor();

    const asked = section(page, "Asked for, waiting for a decision");
    await asked.getByText("I stand in for a colleague").waitFor();
    await asked.getByText("Joost de Wit").waitFor();
    await asked.getByRole("button", { name: "Approve for 8 h" }).click();
    await asked.getByText("Nobody waits for a decision.").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { approve: true });

    const review = section(page, "Emergencies to review");
    await review.getByRole("link", { name: "TW-2026-000123" }).waitFor();
    await review.getByText(/review by/).waitFor();
    await review.getByRole("button", { name: "Not justified" }).click();
    const judging = page.getByRole("dialog", { name: "It was no emergency" });
    const before = server.posted.length;
    await judging.getByRole("button", { name: "Not justified" }).click();
    await judging.getByText("A sentence, of 10 letters at least.").waitFor();
    assert.equal(server.posted.length, before, "nobody is judged without a reason");
    await judging.getByLabel("Because").fill("Nobody in the shop knows of it.");
    await judging.getByRole("button", { name: "Not justified" }).click();
    await review.getByText("No emergency waits for a review.").waitFor();
    const because = "Nobody in the shop knows of it.";
    assert.deepEqual(server.posted.at(-1)?.body, { review: "not_justified", because });
    await page.getByText(`It was none, says another person: ${because}`).waitFor();
    await page.getByText("One emergency access waits").waitFor({ state: "detached" });

    const rest = section(page, "Everybody in the organisation").getByRole("listitem");
    const held = rest.filter({ hasText: "I stand in for a colleague" }).filter({ hasText: "Open" });
    await held.getByRole("button", { name: "End now" }).click();
    await held.waitFor({ state: "detached" });
    assert.match(server.posted.at(-1)?.path ?? "", /\/end$/);
  },
);

testOnScreen(
  "N07 who asks for a site names it; who may only ask sees the own alone",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.grants.may = ["account:own", "grant:request", "incident:list", "site:list"];
    await page.goto(`${origin}/grants`);
    await page.getByText("Nothing for a time").waitFor();
    assert.equal(await page.getByText("Everybody in the organisation").count(), 0);
    assert.equal(await page.getByRole("button", { name: "It is an emergency" }).count(), 0);
    await page.getByRole("button", { name: "Ask for access" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Site").fill("S-1002");
    await dialog.getByLabel("Purpose").selectOption("safety");
    await dialog.getByLabel("Legal ground").selectOption("legitimate_interest");
    await dialog.getByLabel("Why you need it").fill("I help out there today.");
    await dialog.getByRole("button", { name: "Ask", exact: true }).click();
    await section(page, "Mine").getByText("Waits for a decision").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      siteId: "S-1002",
      purpose: "safety",
      ground: "legitimate_interest",
      hours: 8,
      because: "I help out there today.",
    });
  },
);
