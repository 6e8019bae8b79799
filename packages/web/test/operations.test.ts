import assert from "node:assert/strict";
import { eventually, testOnScreen } from "./on-screen.ts";

testOnScreen(
  "B07 a dead letter is seen with its reason and redriven from the page",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/sources?tab=dead-letters`);
    const letter = page.locator("li", { hasText: "No site S-9999 in the directory" });
    await letter.waitFor();
    assert.match(await letter.innerText(), /signal_site_unknown/);
    await letter.getByRole("button", { name: "Redrive" }).click();
    await letter.getByText("Redriven").waitFor();
    assert.deepEqual(
      server.posted.map((post) => post.path),
      ["/api/v1/dead-letters/dl-1/redrive"],
    );
  },
);

testOnScreen("B07 a dead letter is discarded only with a reason", {}, async ({ page, server, origin }) => {
  await page.goto(`${origin}/sources?tab=dead-letters`);
  const letter = page.locator("li", { hasText: "Site S-1001 has no device C-77" });
  await letter.getByRole("button", { name: "Discard" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Discard" }).click();
  await dialog.getByText("A reason is needed").waitFor();
  assert.equal(server.posted.length, 0);
  await dialog.getByLabel("Because").fill("The camera was a test");
  await dialog.getByRole("button", { name: "Discard" }).click();
  await letter.getByText("Discarded").waitFor();
  assert.deepEqual(server.posted[0]?.body, { because: "The camera was a test" });
});

testOnScreen(
  "B12 S09 a silent source stands first, a skewed clock says by how much",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/sources`);
    const rows = page.getByRole("table", { name: "Sources" }).getByRole("row");
    await rows.nth(1).waitFor();
    assert.match((await rows.allInnerTexts())[1] ?? "", /Silent[^]*Exit gate/);
    assert.match((await rows.allInnerTexts())[2] ?? "", /Clock off[^]*3 min ahead/);
    server.emit({ kind: "dead_letters", waiting: 12 });
    await page.getByRole("link", { name: /Sources 12 dead letters waiting/ }).waitFor();
  },
);

testOnScreen("B12 a source is found by words, and shows what it signalled last", {}, async ({ page, origin }) => {
  await page.goto(`${origin}/sources`);
  const rows = page.getByRole("table", { name: "Sources" }).getByRole("row");
  await rows.nth(1).waitFor();
  await page.getByRole("searchbox", { name: "Find a source" }).fill("market SPIRITS");
  await eventually("one row is left", async () => (await rows.count()) === 2);
  assert.match(page.url(), /q=market/);
  await page.getByRole("button", { name: "Spirits camera: its last signals" }).click();
  const dialog = page.getByRole("dialog", { name: "Last signals of Spirits camera" });
  await dialog.getByText("Person loitering").click();
  const original = dialog.getByLabel("The signal as it came");
  await original.waitFor();
  assert.deepEqual(JSON.parse(await original.innerText()), {
    store_id: "S-1001",
    camera_id: "C-03",
    timestamp: "2026-03-23T15:04:05Z",
    event_type: "person_loitering",
    confidence: 0.86,
    thumbnail_url: "[address kept inside]",
  });
  await dialog.getByText("3 min behind our clock, or sent late").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("searchbox", { name: "Find a source" }).fill("nothing like it");
  await page.getByText("No source has these words").waitFor();
});

testOnScreen("S05 what does not work is stated where somebody wonders why it is quiet", {}, async (scene) => {
  const { page, server, origin } = scene;
  const says = "away: what devices publish waits at the broker; it is tried again for ever";
  server.ready = { ok: true, checks: [...server.ready.checks, { name: "mqtt broker", ok: false, says }] };
  await page.goto(`${origin}/sources`);
  const notes = page.getByRole("list", { name: "What does not work" });
  await notes.waitFor();
  assert.deepEqual(await notes.getByRole("listitem").allInnerTexts(), [`mqtt broker: ${says}`]);
});

testOnScreen("O05 verify now says that the log holds", {}, async ({ page, origin }) => {
  await page.goto(`${origin}/audit`);
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText("Verified: nothing was changed or removed.").waitFor();
  await page.getByText("1,842 of 1,842 entries recomputed").waitFor();
});

testOnScreen("O05 verify now names the row that was altered", {}, async ({ page, server, origin }) => {
  server.auditBroken = true;
  await page.goto(`${origin}/audit`);
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText("The log does not verify: 1 entry altered or missing").waitFor();
  await page.getByText("the body was changed after it was recorded").waitFor();
  await page.getByText("Entry 417").waitFor();
});

testOnScreen(
  "N01 who is signed out is led to sign in, and back to where they were",
  {},
  async ({ page, server, origin }) => {
    server.signedIn = false;
    await page.goto(`${origin}/audit`);
    await page.getByRole("heading", { name: "Sign in to Tillwatch" }).waitFor();
    await page.getByRole("button", { name: "Access token" }).click();
    await page.getByLabel("Access token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("token_unknown").waitFor();
    await page.getByLabel("Access token").fill("right-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)]),
    );
    assert.doesNotMatch(kept + page.url(), /right-token/);
  },
);

testOnScreen("N01 sign-in leads nowhere but to our own pages", {}, async ({ page, origin }) => {
  for (const to of ["//evil.example/", "https://evil.example/", "/\\evil.example"]) {
    await page.goto(`${origin}/sign-in?to=${encodeURIComponent(to)}`);
    await page.getByRole("button", { name: "Access token" }).click();
    await page.getByLabel("Access token").fill("right-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await eventually("the queue is open", () => new URL(page.url()).pathname === "/");
    assert.equal(new URL(page.url()).origin, origin);
  }
});

testOnScreen("M18 the chosen colours hold after a reload, before anything is drawn", {}, async ({ page, origin }) => {
  await page.goto(origin);
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page
    .getByRole("button", { name: /Colours: system/ })
    .filter({ visible: true })
    .click();
  await page
    .getByRole("button", { name: /Colours: light/ })
    .filter({ visible: true })
    .click();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.styleSheets.length > 0);
  assert.equal(await ground(), dark);
});
