import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { knownToken } from "./fixture-consents.ts";
import { incidentId } from "./fixture-world.ts";
import { proveAgain, testOnScreen } from "./on-screen.ts";

testOnScreen(
  "D02 a look-up names purpose and case, and shows a token, never a name",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy?tab=persons`);
    const look = page.getByRole("button", { name: "Look up" });
    await page.getByLabel("What you have").fill("Anna Example");
    await page.getByLabel("Because").fill("Staff say that she came back.");
    assert.ok(await look.isDisabled(), "without a case");
    await page.getByLabel("Case").fill("TW-2026-999999");
    await look.click();
    await page.getByText("You see no case with the reference TW-2026-999999.").waitFor();
    assert.equal(server.posted.length, 0, "nobody was looked up for a case that one does not see");
    await page.getByLabel("Case").fill("tw-2026-000123");
    await look.click();
    await page.getByText(knownToken).waitFor();
    await page.getByText("objection: used no further").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      kind: "name",
      value: "Anna Example",
      country: "BE",
      purpose: "security",
      because: "Staff say that she came back.",
      incidentId: incidentId(1),
    });
    assert.equal(await page.getByText("Anna Example").count(), 0, "the answer repeats no name");
  },
);

testOnScreen(
  "J14 a consent is recorded with the version of its text, and taken back",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.consents.consents = [];
    await page.goto(`${origin}/privacy?tab=consents`);
    await page.getByLabel("Token of the person").fill(knownToken);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("Nothing is recorded for this token.").waitFor();
    await page.getByRole("button", { name: "Record a consent" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("On", { exact: true }).fill("2026-11-02");
    await dialog.getByRole("button", { name: "Record" }).click();
    await page.getByText("Holds", { exact: true }).waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      token: knownToken,
      textId: "photo-of-visitors",
      textVersion: "2",
      language: "en",
      how: "signed",
      givenAt: "2026-11-02T00:00:00Z",
    });
    await page.getByRole("button", { name: "Taken back" }).click();
    await page.getByText(/· taken back/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Taken back" }).count(), 0);
  },
);

testOnScreen("J13 objections stand with their effect, and end with a reason", {}, async ({ page, server, origin }) => {
  await page.goto(`${origin}/privacy?tab=objections`);
  const line = page.getByRole("listitem").filter({ hasText: knownToken });
  for (const effect of ["In no figures and no export", "On no watch list", "Every look-up shows the objection"]) {
    await line.getByText(effect).waitFor();
  }
  await line.getByRole("button", { name: "They took it back" }).click();
  await page.getByRole("dialog").getByLabel("Because").fill("By letter of 20 November.");
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await line.first().waitFor({ state: "detached" });
  assert.deepEqual(server.posted.at(-1)?.body, { because: "By letter of 20 November." });
});

testOnScreen(
  "J17 figures are downloaded as they came, and the page says how much was suppressed",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy?tab=figures`);
    await page.getByLabel("From the month").fill("2026-10");
    await page.getByLabel("Before the month").fill("2026-12");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "figures-7a7a7a7a.csv");
    assert.match(readFileSync(await download.path(), "utf8"), /^month,siteId[^]*suppressed\r\n$/);
    await page.getByText("3 lines. 2 of them without their number").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      from: "2026-10-01T00:00:00Z",
      to: "2026-12-01T00:00:00Z",
      format: "csv",
    });
    await page.getByText("found in it: known person").waitFor();
  },
);

testOnScreen(
  "J12 each step of a request asks before it is taken, says what it does, and needs its reason",
  { screen: "phone", theme: "dark" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy`);
    await page.getByRole("button", { name: "SR-2026-000001" }).click();
    const whole = page.getByRole("dialog", { name: "SR-2026-000001" });
    await whole.getByText("Search first: the answer is made from what is found.").waitFor();
    for (const [press, title, says] of [
      ["Answer and seal", "Answer and seal", "A copy of what is kept is sealed for the person"],
      ["Extend", "More time", "Once, before the end."],
      ["Refuse", "Refuse the request", "The person is told the reason. The request is closed."],
    ] as const) {
      await whole.getByRole("button", { name: press }).click();
      const step = page.getByRole("dialog", { name: title });
      await step.getByText(says).waitFor();
      await step.getByLabel("Because").fill("Too few");
      await step.locator("form button[type=submit]").click();
      await step.getByText("A sentence, of 10 letters at least.").waitFor();
      await step.getByRole("button", { name: "Cancel" }).click();
    }
    assert.equal(server.posted.length, 0, "nothing is done without its reason");
  },
);

testOnScreen(
  "J12 a request names by what the person is known; who is known by nothing cannot be found",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy`);
    await page.getByRole("button", { name: "Enter a request" }).click();
    const dialog = page.getByRole("dialog", { name: "Enter a request" });
    await dialog.getByRole("button", { name: "Enter", exact: true }).click();
    await dialog.getByText("By what is the person known?").waitFor();
    assert.equal(server.posted.length, 0);
    await dialog.getByLabel("Name", { exact: true }).fill("Anna Zeligman");
    await dialog.getByText("By what is the person known?").waitFor({ state: "detached" });
  },
);

testOnScreen("U06 the page of privacy shows each role its own parts", {}, async ({ page, server, origin }) => {
  server.grants.may = ["analytics:export"];
  await page.goto(`${origin}/privacy`);
  await page.getByRole("button", { name: "Download" }).waitFor();
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["Figures"]);
  server.grants.may = ["watch:read", "person:look_up"];
  await page.goto(`${origin}/privacy`);
  await page.getByText("waits for another person").waitFor();
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["Watch list", "Known persons"]);
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
  server.grants.may = ["privacy:read"];
  await page.goto(`${origin}/privacy?tab=sites`);
  await page.getByText("The data protection officer decides on these.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0);
});

testOnScreen(
  "J12 what is due is asked for by one person and confirmed by another, with a fresh proof",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy?tab=retention`);
    const line = (ref: string) => page.getByRole("listitem").filter({ hasText: ref });
    const dialog = page.getByRole("dialog", { name: /destroy|destruction/ });
    await line("TW-2026-000011").getByRole("button", { name: "Ask to destroy" }).click();
    await dialog.getByLabel("Because").fill("Over.");
    await dialog.getByRole("button", { name: "Ask", exact: true }).click();
    await dialog.getByText("A reason of 10 letters or more.").waitFor();
    assert.equal(server.posted.length, 0, "no reason, no request");
    await dialog.getByLabel("Because").fill("Its time is over.");
    await dialog.getByRole("button", { name: "Ask", exact: true }).click();
    await line("TW-2026-000011").getByText("You asked for it: another person confirms.").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { kind: "clips", because: "Its time is over." });
    assert.equal(await line("TW-2026-000011").getByRole("button", { name: "Confirm" }).count(), 0);

    server.grants.proven = false;
    await line("TW-2026-000012").getByText("30 days after the case was closed").waitFor();
    await line("TW-2026-000012").getByText("Clara Weiss", { exact: true }).waitFor();
    await line("TW-2026-000012").getByRole("button", { name: "Confirm" }).click();
    await dialog.getByText("Nobody can bring it back.").waitFor();
    await dialog.getByText("Asked for by Clara Weiss").waitFor();
    await dialog.getByRole("button", { name: "Destroy it" }).click();
    await proveAgain(page);
    await line("TW-2026-000012").getByText("is being destroyed").waitFor();
    server.retention.destroyed("TW-2026-000012");
    await line("TW-2026-000012").getByRole("button", { name: "Certificate" }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      line("TW-2026-000012").getByRole("button", { name: "Certificate" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "certificate-TW-2026-000012-case.json");
    assert.match(readFileSync(await download.path(), "utf8"), /"disposalId"/);
    await line("TW-2026-000016").getByRole("link", { name: "44444444-4444-4444-8444-000000000421" }).waitFor();
  },
);

const saidNo = [
  ["disposal_same_person", "This needs another person"],
  ["disposal_on_hold", "A legal hold keeps it"],
  ["disposal_too_early", "it is due on 2027-01-01"],
] as const;
testOnScreen("J12 a refused confirmation says what goes on instead", {}, async ({ page, server, origin }) => {
  const item = server.retention.items.find(({ ref }) => ref === "TW-2026-000012");
  const path = `/api/v1/incidents/${item?.incidentId}/disposals/${item?.id}/confirm`;
  await page.goto(`${origin}/privacy?tab=retention`);
  const dialog = page.getByRole("dialog", { name: "Confirm the destruction" });
  await page.getByRole("button", { name: "Confirm" }).click();
  for (const [code, says] of saidNo) {
    const type = `https://tillwatch.org/errors#${code}`;
    server.failWith(path, { type, title: "Conflict", status: 409, code, detail: "it is due on 2027-01-01" });
    await dialog.getByRole("button", { name: "Destroy it" }).click();
    await dialog.getByRole("alert").getByText(says).waitFor();
  }
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("waits for another person").first().waitFor();
  assert.equal(item?.state, "requested");
});

testOnScreen(
  "J12 J15 something is kept longer until a day, for a reason; a hold stops the rest",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    const day = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);
    await page.goto(`${origin}/privacy?tab=retention`);
    const line = page.getByRole("listitem").filter({ hasText: "TW-2026-000014" });
    await line.getByText("legal hold", { exact: true }).waitFor();
    await page.getByText("The insurer asked for another half year.").waitFor();
    assert.equal(await page.getByText("TW-2026-000017").count(), 0, "what was kept until a day that is over");
    assert.equal(await line.getByRole("button", { name: "Ask to destroy" }).count(), 0);
    await line.getByRole("button", { name: "Keep longer" }).tap();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Because").fill("The court decides in spring.");
    await dialog.getByRole("button", { name: "Keep it" }).tap();
    await dialog.getByText("Choose the day until which it is kept.").waitFor();
    assert.equal(server.posted.length, 0, "without a day nothing is kept");
    await dialog.getByLabel("Until").fill(day);
    await dialog.getByRole("button", { name: "Keep it" }).tap();
    await line.getByText(day).waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      until: `${day}T00:00:00Z`,
      because: "The court decides in spring.",
    });
  },
);

testOnScreen("J12 K04 the day of what is kept is changed, with a reason", {}, async ({ page, server, origin }) => {
  const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  await page.goto(`${origin}/privacy?tab=retention`);
  const kept = page.locator("section", { has: page.getByRole("heading", { name: "Kept longer" }) });
  const line = kept.getByRole("listitem").filter({ hasText: "The insurer asked for another half year." });
  await line.getByRole("button", { name: "Change the day" }).click();
  const dialog = page.getByRole("dialog");
  const before = await dialog.getByLabel("Until").inputValue();
  assert.match(before, /^\d{4}-\d\d-\d\d$/, "the day that it is kept until");
  await dialog.getByText(`kept until ${before}`).waitFor();
  await dialog.getByLabel("Until").fill(day);
  await dialog.getByRole("button", { name: "Change it" }).click();
  await dialog.getByText("A reason of 10 letters or more.").waitFor();
  await dialog.getByLabel("Because").fill("The insurer settled the claim.");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await kept.getByText("The insurer settled the claim.").waitFor();
  await kept.getByText(day).waitFor();
  assert.deepEqual(server.posted.at(-1)?.body, {
    until: `${day}T00:00:00Z`,
    because: "The insurer settled the claim.",
  });
  assert.match(server.posted.at(-1)?.path ?? "", /\/keep$/);
  server.grants.may = ["retention:read"];
  await page.reload();
  await page.getByRole("heading", { name: "Kept longer" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Change the day" }).count(), 0);
});

testOnScreen("J12 U06 who only reads retention decides nothing; nothing due says so", {}, async (scene) => {
  const { page, server, origin } = scene;
  server.grants.may = ["retention:read"];
  await page.goto(`${origin}/privacy`);
  await page.getByText("waits for another person").first().waitFor();
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["Retention"]);
  assert.equal(await page.getByRole("button", { name: /Ask to destroy|Confirm|Keep longer/ }).count(), 0);
  server.retention.items = [];
  await page.reload();
  await page.getByText("Nothing is due").waitFor();
});

testOnScreen("J20 the review names shops as people know them, and says what each figure counts", {}, async (scene) => {
  const { page, origin } = scene;
  await page.goto(`${origin}/privacy?tab=review`);
  const bySite = page.getByRole("table", { name: "By site" });
  await bySite.getByText("Market Hall Brussels (S-1001)").waitFor();
  for (const title of ["Judged by people", "Found false", "Severity set by hand"]) {
    await bySite.getByText(title, { exact: true }).first().waitFor();
  }
});
