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
