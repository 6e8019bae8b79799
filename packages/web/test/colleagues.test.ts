import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { incidentId } from "./fixture-world.ts";
import { testOnScreen } from "./on-screen.ts";

const dialog = (page: Page) => page.getByRole("dialog");
const card = (page: Page, title: string) =>
  page.locator("section", { has: page.getByRole("heading", { name: title, exact: true }) });

testOnScreen(
  "N13 a colleague is named in a case with a reason, and a naming is taken back by another one than who asked",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/incidents/${incidentId(1)}`);
    const colleagues = card(page, "Colleagues");
    await colleagues.getByText("Bob Stone").first().waitFor();
    assert.match(await colleagues.innerText(), /by a till/);
    await colleagues.getByText("Clara Weiss asked to take back").waitFor();
    await colleagues.getByRole("button", { name: "Take it back" }).click();
    await dialog(page).getByLabel("Because").fill("I have seen the tape too.");
    await dialog(page).getByRole("button", { name: "Take it back" }).click();
    await colleagues.getByText("Nobody of the house is named.").waitFor();
    const [decided] = server.posted;
    assert.match(decided?.path ?? "", /\/conflict\/withdrawals\/[0-9a-f-]+\/decision$/);
    assert.deepEqual(decided?.body, { approve: true, because: "I have seen the tape too." });

    await colleagues.getByRole("button", { name: "Name a colleague" }).click();
    await dialog(page).getByLabel("Find a colleague").fill("marsh");
    await dialog(page).getByLabel("Alice Marsh").check();
    await dialog(page).getByRole("button", { name: "Name them" }).click();
    await dialog(page).getByText("A sentence, of 10 letters at least.").waitFor();
    assert.equal(server.posted.length, 1);
    await dialog(page).getByLabel("Because").fill("She was seen with the money.");
    await dialog(page).getByRole("button", { name: "Name them" }).click();
    await colleagues.getByText("Alice Marsh").first().waitFor();
    await colleagues
      .getByText(/^Only these handle it/)
      .first()
      .waitFor();
    assert.deepEqual(server.posted[1]?.body, {
      colleagues: ["c1".repeat(16)],
      because: "She was seen with the money.",
    });
  },
);

testOnScreen(
  "N13 by what tills name a person is joined and ended on the page of people, with a reason",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/people`);
    await page.getByRole("button", { name: "Joost de Wit" }).click();
    await dialog(page).getByText("k-17").first().waitFor();
    await dialog(page).getByRole("button", { name: "Join an operator" }).click();
    const joining = page.getByRole("dialog", { name: "What tills call Joost de Wit" });
    await joining.getByLabel("Operator").fill("k-4");
    await joining.getByLabel("Because").fill("He works at till 1 by it.");
    await joining.getByRole("button", { name: "Join", exact: true }).click();
    await joining.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, {
      operator: "k-4",
      siteId: null,
      because: "He works at till 1 by it.",
    });
    await dialog(page).getByRole("button", { name: "End k-17" }).click();
    const ending = page.getByRole("dialog", { name: "End k-17" });
    await ending.getByLabel("Because").fill("The number went to somebody else.");
    await ending.getByRole("button", { name: "End it now" }).click();
    await ending.waitFor({ state: "hidden" });
    assert.match(server.posted.at(-1)?.path ?? "", /\/till-operators\/[0-9a-f-]+\/end$/);
  },
);

testOnScreen(
  "N13 the data protection officer joins and ends by what tills name people, with no page of accounts",
  {},
  async ({ page, server, origin }) => {
    server.grants.may = ["account:operator", "misuse:read", "misuse:decide"];
    await page.goto(`${origin}/privacy?tab=tills`);
    await page.getByText("Joost de Wit").filter({ visible: true }).first().waitFor();
    assert.equal(await page.getByRole("link", { name: "People" }).count(), 0);
    assert.doesNotMatch(await page.locator("main").innerText(), /user:/, "names, not tokens");
    await page.getByRole("button", { name: "Join an operator" }).click();
    const joining = page.getByRole("dialog", { name: "What tills call somebody" });
    await joining.getByLabel("Operator").fill("k-4");
    await joining.getByLabel("Because").fill("He works at till 1 by it.");
    await joining.getByRole("button", { name: "Join", exact: true }).click();
    assert.equal(server.posted.length, 0, "nobody was chosen");
    await joining.getByLabel("Who").selectOption("Priya Raman");
    await joining.getByRole("button", { name: "Join", exact: true }).click();
    await joining.waitFor({ state: "hidden" });
    assert.deepEqual(
      server.posted.at(-1)?.path,
      `/api/v1/accounts/77777777-7777-4777-8777-000000000003/till-operators`,
    );
    await page.getByRole("button", { name: "End k-17 of Joost de Wit" }).click();
    const ending = page.getByRole("dialog", { name: "End k-17" });
    await ending.getByLabel("Because").fill("The number went to somebody else.");
    await ending.getByRole("button", { name: "End it now" }).click();
    await ending.waitFor({ state: "hidden" });
    assert.match(
      server.posted.at(-1)?.path ?? "",
      /accounts\/77777777-7777-4777-8777-000000000002\/till-operators\/[0-9a-f-]+\/end$/,
    );
  },
);

testOnScreen(
  "N13 O08 private interests are noted, counted by name and taken back with a reason",
  {},
  async ({ page, server, origin }) => {
    server.grants.may = ["misuse:read", "misuse:decide"];
    await page.goto(`${origin}/audit?tab=interests`);
    const table = page.getByRole("table", { name: "Private interests" });
    await table.getByText("3 words").filter({ visible: true }).first().waitFor();
    assert.match(await table.innerText(), /Joost de Wit/);
    assert.doesNotMatch(await page.locator("main").innerText(), /user:/, "names, not tokens");
    await page.getByRole("button", { name: "Note one" }).click();
    await dialog(page).getByLabel("Words").fill(" Elm Street ");
    await dialog(page).getByRole("button", { name: "Note", exact: true }).click();
    assert.equal(server.posted.length, 0, "nobody was chosen");
    await dialog(page).getByLabel("Whose").selectOption("Priya Raman");
    await dialog(page).getByRole("button", { name: "Note", exact: true }).click();
    await dialog(page).waitFor({ state: "hidden" });
    const actor = "user:77777777-7777-4777-8777-000000000003";
    assert.deepEqual(server.posted.at(-1), {
      path: "/api/v1/misuse/conflicts",
      body: { actor, words: "Elm Street" },
      idempotencyKey: server.posted.at(-1)?.idempotencyKey,
    });
    await page.getByRole("button", { name: "Take back of Priya Raman" }).click();
    await dialog(page).getByLabel("Because").fill("She moved to another town.");
    await dialog(page).getByRole("button", { name: "Take it back" }).click();
    await dialog(page).waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, { actor, words: null, because: "She moved to another town." });
    await page.getByText("1 word", { exact: true }).waitFor({ state: "detached" });
  },
);

testOnScreen("N13 whoever may do neither finds no tab of it", {}, async ({ page, server, origin }) => {
  server.grants.may = ["misuse:read", "audit:read", "privacy:read"];
  await page.goto(`${origin}/audit?tab=interests`);
  await page.getByRole("tab", { name: "Misuse" }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "Private interests" }).count(), 0);
  await page.goto(`${origin}/privacy?tab=tills`);
  await page.getByRole("tab", { name: "Consents" }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "Tills" }).count(), 0);
});
