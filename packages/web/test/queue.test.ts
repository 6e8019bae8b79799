import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { riskOf } from "@tillwatch/wire";
import { incidentId, summary } from "./fixture-world.ts";
import { eventually, testOnScreen, watchShifts } from "./on-screen.ts";

const titles = (page: Page): Promise<string[]> => page.locator("a[data-row]").allInnerTexts();

/** What changes before the feed is live is fetched again and simply shown; after it, it is announced. */
async function openQueue(page: Page, origin: string, path = "/"): Promise<void> {
  await page.goto(`${origin}${path}`);
  await page.locator("a[data-row]").first().waitFor();
  await page.getByText("Live", { exact: true }).filter({ visible: true }).waitFor();
}

testOnScreen(
  "E01 the highest risk stands on top and each row says why it stands there",
  {},
  async ({ page, server, origin }) => {
    await openQueue(page, origin);
    const shown = await titles(page);
    assert.ok(shown.length >= 7);
    const risks = shown.map((title) => {
      const row = server.rows.find((one) => one.title === title);
      assert.ok(row, title);
      return riskOf(row);
    });
    assert.deepEqual(
      risks,
      risks.toSorted((a, b) => b - a),
    );
    assert.equal(await page.getByText("Risk 3.940: severity 0.985 times 4 for level 3").count(), 1);
    assert.match(await page.locator("header p").innerText(), /Highest risk first/);
  },
);

testOnScreen(
  "E01 a new incident is announced and moves nothing until it is let in",
  {},
  async ({ page, server, origin }) => {
    await openQueue(page, origin);
    const before = await titles(page);
    server.change(
      summary({ id: incidentId(77), title: "Smash and grab at the jewellery case", severity: 0.998, version: 1 }),
    );
    await page.getByRole("button", { name: /1 new/ }).waitFor();
    assert.deepEqual(await titles(page), before);
    await page.keyboard.press("r");
    await eventually(
      "the new row is on top",
      async () => (await titles(page))[0] === "Smash and grab at the jewellery case",
    );
    assert.equal(await page.getByRole("button", { name: /new/ }).count(), 0);
  },
);

testOnScreen(
  "E01 a change in a row shows in place, and a changed rank is announced",
  {},
  async ({ page, server, origin }) => {
    await openQueue(page, origin);
    const before = await titles(page);
    const last = server.rows.find((row) => row.title === before.at(-1));
    assert.ok(last);
    server.change({ ...last, severity: 0.999, level: 3, state: "investigating", version: last.version + 1 });
    await page.getByRole("button", { name: /1 changed rank/ }).waitFor();
    assert.deepEqual(await titles(page), before);
    assert.match(await page.locator("li", { hasText: last.title }).innerText(), /0\.999/);
    await page.getByRole("button", { name: /changed rank/ }).click();
    await eventually("it moved to the top", async () => (await titles(page))[0] === last.title);
  },
);

testOnScreen("E01 an older version that comes late does not undo a newer one", {}, async ({ page, server, origin }) => {
  await openQueue(page, origin);
  const row = server.rows[0];
  assert.ok(row);
  server.emit({ kind: "incident", id: row.id, version: 9, summary: { ...row, title: "Newer title", version: 9 } });
  server.emit({ kind: "incident", id: row.id, version: 8, summary: { ...row, title: "Older title", version: 8 } });
  await page.getByText("Newer title").waitFor();
  assert.equal(await page.getByText("Older title").count(), 0);
});

testOnScreen("E01 fifty events a second do not freeze the page", {}, async ({ page, server, origin }) => {
  await openQueue(page, origin);
  await page.getByLabel("Follow live").check();
  await page.evaluate(() => {
    const frames = { longestMs: 0, last: performance.now(), stop: false };
    Object.assign(globalThis, { frames });
    const tick = (now: number): void => {
      frames.longestMs = Math.max(frames.longestMs, now - frames.last);
      frames.last = now;
      if (!frames.stop) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  for (let n = 0; n < 150; n += 1) {
    const severity = 0.9 + (n % 90) / 1000;
    server.change(summary({ id: incidentId(1000 + (n % 100)), title: `Burst ${n}`, severity, version: n + 1 }));
    if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await page.getByText("Burst 149").waitFor();
  const longestMs = await page.evaluate(
    () => (globalThis as unknown as { frames: { longestMs: number } }).frames.longestMs,
  );
  // Not a measurement: a page that renders once an event stands still for seconds, one that gathers does not.
  assert.ok(longestMs < 1_500, `a frame took ${Math.round(longestMs)} ms`);
  assert.equal(await page.locator("a[data-row]").count(), 107);
});

testOnScreen("E02 the watch list is its own tab, and its address can be shared", {}, async ({ page, origin }) => {
  await openQueue(page, origin);
  await page.getByRole("tab", { name: "Watch list" }).click();
  await page.getByText("Somebody lingers at the spirits").waitFor();
  assert.match(page.url(), /view=watch/);
  await page.reload();
  await page.getByText("Somebody lingers at the spirits").waitFor();
  assert.equal(await page.getByText("Panic button at the tills").count(), 0);
});

testOnScreen(
  "E02 a watch item that is promoted leaves the watch list and enters the incidents",
  {},
  async ({ page, server, origin }) => {
    await openQueue(page, origin, "/?view=watch");
    await page.getByText("Somebody lingers at the spirits").waitFor();
    const item = server.rows.find((row) => row.title === "Somebody lingers at the spirits");
    assert.ok(item);
    server.change({ ...item, state: "open", severity: 0.96, version: item.version + 1 });
    await page.getByRole("button", { name: /1 changed rank/ }).click();
    await eventually("it left the watch list", async () => !(await titles(page)).includes(item.title));
    await page.getByRole("tab", { name: "Incidents" }).click();
    await page.getByText(item.title).waitFor();
  },
);

testOnScreen("E01 F03 filters stand in the address and survive a reload", {}, async ({ page, origin }) => {
  await openQueue(page, origin);
  await page.getByLabel("Site").selectOption("S-1002");
  await eventually("two rows are left", async () => (await titles(page)).length === 2);
  assert.match(page.url(), /site=S-1002/);
  await page.getByLabel("Words or reference").fill("card");
  await eventually("one row is left", async () => (await titles(page)).length === 1);
  await page.reload();
  await eventually("still one row", async () => (await titles(page)).length === 1);
  await page.getByLabel("Words or reference").fill("nothing like this");
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await eventually("all rows are back", async () => (await titles(page)).length === 7);
});

testOnScreen("E06 the queue is worked by keyboard: j, k and Enter", {}, async ({ page, origin }) => {
  await openQueue(page, origin);
  await page.getByLabel("Follow live").click(); // a box that was clicked last does not swallow the keys
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  assert.equal(focused, (await titles(page))[1]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Tagged spirits left" }).waitFor();
});

testOnScreen("E01 nothing jumps when the queue arrives late", {}, async ({ page, server, origin }) => {
  const shifted = await watchShifts(page);
  server.delayMs = 400;
  await openQueue(page, origin);
  await page.waitForTimeout(300);
  assert.ok((await shifted()) < 0.02, `layout shift of ${await shifted()}`);
});

testOnScreen("E01 nothing jumps on a phone either", { screen: "phone" }, async ({ page, server, origin }) => {
  const shifted = await watchShifts(page);
  server.delayMs = 400;
  await openQueue(page, origin);
  await page.waitForTimeout(300);
  assert.ok((await shifted()) < 0.02, `layout shift of ${await shifted()}`);
});

testOnScreen("E01 an empty queue says so, and fills by itself", {}, async ({ page, server, origin }) => {
  server.rows = [];
  await page.goto(origin);
  await page.getByText("Nothing open").waitFor();
  await page.getByText("Live", { exact: true }).filter({ visible: true }).waitFor();
  await eventually("the stream is read", () => server.readers > 0);
  server.change(summary({ id: incidentId(88), title: "First of the day", version: 1 }));
  await page.getByText("First of the day").waitFor();
});

testOnScreen(
  "E01 what changes between the first answer and the opening of the feed is not missed",
  {},
  async ({ page, server, origin }) => {
    let held = false;
    let read = (): void => {};
    const firstAnswer = new Promise<void>((resolve) => (read = resolve));
    await page.route("**/api/v1/events", async (route) => {
      await firstAnswer;
      await route.continue();
    });
    await page.route("**/api/v1/incidents?*", async (route) => {
      if (held) return route.continue();
      held = true;
      const answer = await route.fetch(); // read now, arrives only after the feed has opened
      server.rows.push(summary({ id: incidentId(89), title: "In the gap", version: 1 })); // and nobody listened yet
      read();
      await eventually("the stream is read", () => server.readers > 0);
      await page.getByText("Live", { exact: true }).filter({ visible: true }).waitFor();
      await page.waitForTimeout(200);
      await route.fulfill({ response: answer });
    });
    await page.goto(origin);
    await page.getByRole("button", { name: /1 new/ }).click();
    await page.getByText("In the gap").waitFor();
  },
);

testOnScreen(
  "E01 a failure shows its code, its sentence and its remedy, and can be retried",
  {},
  async ({ page, server, origin }) => {
    const path = "/api/v1/incidents";
    server.failWith(path, {
      type: "https://tillwatch.org/errors#database_busy",
      title: "Service Unavailable",
      status: 503,
      code: "database_busy",
      detail: "The database did not answer in time.",
      remedy: "Try again in a few seconds.",
    });
    await page.goto(origin);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match(
      await alert.innerText(),
      /The database did not answer in time\.[^]*Try again in a few seconds\.[^]*database_busy/,
    );
    server.failWith(path, null);
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Panic button at the tills").waitFor();
  },
);

testOnScreen(
  "S09 a lost stream is stated, comes back, and what was missed is fetched",
  {},
  async ({ page, server, origin }) => {
    await openQueue(page, origin);
    server.failWith("/api/v1/events", {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      code: "events_readers_full",
      detail: "Too many readers.",
    });
    server.cutStreams();
    await page
      .getByText(/Reconnecting since \d\d:\d\d/)
      .filter({ visible: true })
      .waitFor();
    server.rows.push(summary({ id: incidentId(90), title: "Happened meanwhile", severity: 0.999, version: 1 }));
    server.failWith("/api/v1/events", null);
    await page.getByText("Live", { exact: true }).filter({ visible: true }).waitFor();
    await page.getByRole("button", { name: /1 new/ }).click();
    await eventually("the missed row is on top", async () => (await titles(page))[0] === "Happened meanwhile");
  },
);
