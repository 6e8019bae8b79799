import assert from "node:assert/strict";
import { watchedFilter, watchedRule } from "./fixture-rules.ts";
import { eventually, testOnScreen } from "./on-screen.ts";

testOnScreen(
  "C09 the editor says while one types what is wrong and where, keeps nothing that is not understood, and sends the text as it is",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/rules/new`);
    const file = page.getByLabel("Rule file");
    const keep = page.getByRole("button", { name: "Keep as a draft" });
    await page.getByText("2 of 2 pass").waitFor();
    const whole = await file.inputValue();
    await file.fill(whole.replace("event_type:", "event_type|near:"));
    await page.getByText("does not exist").waitFor();
    assert.ok(await keep.isDisabled());
    await page.getByRole("button", { name: "line 8, column 5" }).click();
    const caret = await file.evaluate((field: HTMLTextAreaElement) => field.selectionStart);
    assert.equal((await file.inputValue()).slice(0, caret).split("\n").length, 8, "the caret is in that line");
    // Digits that look like somebody's telephone number are the rule's own here.
    const numbered = `${whole}# 0047 22 86 44 00\n`;
    await file.fill(numbered);
    await page.getByText("2 of 2 pass").waitFor();
    await eventually("it can be kept", () => keep.isEnabled());
    await keep.click();
    await page.getByRole("dialog").getByLabel("Because").fill("Refunds at night are the pattern.");
    await page.getByRole("dialog").getByRole("button", { name: "Keep as a draft" }).click();
    await page.waitForURL(`**/rules/${watchedRule}`);
    const sent = server.posted.find(({ path }) => path === "/api/v1/rules");
    assert.deepEqual(sent?.body, { rule: numbered, because: "Refunds at night are the pattern." });
  },
);

testOnScreen(
  "C11 C09 a draft is let watch, then asked to run, and another person signs the text that was shown",
  {},
  async ({ page, origin, server }) => {
    server.rules.given = { waits: false, runs: false, watches: false };
    await page.goto(`${origin}/rules/${watchedRule}`);
    const act = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Because").fill("It was looked at.");
      await dialog.locator("button[type=submit]").click();
    };
    await act("Let version 2 watch");
    await page.getByText("Nobody is told of what it matches").waitFor();
    await page.getByText("82 % of 11").waitFor();
    assert.equal(await page.getByRole("button", { name: "Sign", exact: true }).count(), 0);
    await act("Let it run");
    await page.getByText("asked to let version 2 run").waitFor();
    await act("Sign");
    await page.getByText("Running v2").waitFor();
    const signed = server.posted.find(({ path }) => path.endsWith("/sign"));
    assert.deepEqual(signed?.body, { sha256: "ab".repeat(32), because: "It was looked at." });
  },
);

testOnScreen(
  "C09 what is wrong is that of the text as it stands, also where one place has several problems",
  {},
  async ({ page, origin }) => {
    await page.goto(`${origin}/rules/new`);
    const file = page.getByLabel("Rule file");
    await page.getByText("2 of 2 pass").waitFor();
    const whole = await file.inputValue();
    const problems = page.getByRole("list", { name: "Problems" }).getByRole("listitem");
    const near = whole.replace("event_type:", "event_type|near:");
    for (const [text, count] of [
      [`${whole}\t#`, 3],
      [near, 1],
      [`${whole}\t# again`, 3],
      [`${near}#`, 1],
    ] as const) {
      await file.fill(text);
      await eventually(`${count} problems`, async () => (await problems.count()) === count);
      await page.getByText("as it stands").waitFor();
      assert.equal(await problems.count(), count);
    }
  },
);

testOnScreen(
  "C09 C11 a way back says what runs afterwards, and what was retired is let run again with a signature",
  {},
  async ({ page, origin, server }) => {
    server.rules.given = { waits: false, runs: true, watches: false };
    await page.goto(`${origin}/rules/${watchedRule}`);
    const dialog = page.getByRole("dialog");
    const act = async (name: string, says: string) => {
      await page.getByRole("button", { name, exact: true }).click();
      await dialog.getByText(says).waitFor();
      await dialog.getByLabel("Because").fill("Too noisy.");
      await dialog.locator("button[type=submit]").click();
    };
    await act("Roll back", "Runs now: version 2. Afterwards nothing of this rule runs, at once.");
    await page.getByText("Rolled back: nothing of it runs now.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Roll back" }).count(), 0);
    server.rules.given = { waits: false, runs: true, watches: false };
    await page.reload();
    await act("Retire", "It detects nothing any more");
    await act("Let it run again", "It was taken out, so it is let run as any version. The bar is 80 %");
    const sent = server.posted.find(({ path, body }) => path.endsWith("/roll-back") && "to" in (body as object));
    assert.deepEqual(sent?.body, { to: 2, because: "Too noisy." });
    await page.getByText("asked to let version 2 run").waitFor();
    await page.getByRole("button", { name: "Leave it retired" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Let it run again" }).count(), 0);
    const place = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Rules" });
    assert.equal(await place.getAttribute("aria-current"), "page", "a rule's page is below that of the rules");
  },
);

testOnScreen(
  "C09 what is typed and not saved is there again after another tab, another page and a reload, until it is dropped, saved or somebody signs out",
  {},
  async ({ page, origin }) => {
    const file = page.getByLabel("Rule file");
    const note = page.getByText("This is what you typed before and did not save.");
    await page.goto(`${origin}/rules/${watchedRule}`);
    const tab = (name: string) => page.getByRole("tab", { name }).click();
    await tab("Edit");
    const before = await file.inputValue();
    await file.fill(`${before}# mine\n`);
    assert.equal(await note.count(), 0, "what is being typed needs no word");
    await tab("Overview");
    await tab("Edit");
    await note.waitFor();
    await page.getByRole("link", { name: "Queue" }).first().click();
    await page.goBack();
    await page.reload();
    await tab("Edit");
    await note.waitFor();
    assert.equal(await file.inputValue(), `${before}# mine\n`);
    await page.getByRole("button", { name: "Drop it" }).click();
    assert.equal(await file.inputValue(), before);

    await page.goto(`${origin}/rules/new`);
    const first = await file.inputValue();
    await file.fill(`${first}# new\n`);
    await page.reload();
    await note.waitFor();
    assert.equal(await file.inputValue(), `${first}# new\n`, "with the id that it had");
    await page.getByText("2 of 2 pass").waitFor();
    const save = page.getByRole("button", { name: "Keep as a draft" });
    await eventually("it can be kept", () => save.isEnabled());
    await save.click();
    await page.getByRole("dialog").getByLabel("Because").fill("It is the pattern.");
    await page.getByRole("dialog").getByRole("button", { name: "Keep as a draft" }).click();
    await page.waitForURL(`**/rules/${watchedRule}`);
    await page.goto(`${origin}/rules/new`);
    await page.getByText("2 of 2 pass").waitFor();
    assert.equal(await note.count(), 0, "saved");
    await file.fill(`${await file.inputValue()}# again\n`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    const left = await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.includes("rule")));
    assert.deepEqual(left, []);
  },
);

testOnScreen(
  "C11 who lets a version run or signs it sees what it matched, what people said of that, and whether it was backtested",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/rules/${watchedRule}`);
    const rows = page.getByRole("list", { name: "Matches of the watching version" }).getByRole("listitem");
    await rows.first().getByText("T-04").waitFor();
    await rows.first().getByText("pos_refund").waitFor();
    assert.doesNotMatch((await rows.last().textContent()) ?? "", /null/);
    const figures = page.getByRole("dialog").getByLabel("Figures of version 2");
    const read = async () => {
      await page.getByRole("button", { name: "Let it run" }).click();
      await eventually("the list of backtests came", async () => !/…/.test((await figures.textContent()) ?? "…"));
      return (await figures.textContent()) ?? "";
    };
    const none = await read();
    assert.match(none, /27 matches in 14 days.*82 % of 11 called true.*it was not backtested/);
    server.rules.backtested = true;
    await page.reload();
    assert.match(await read(), /it was backtested once/);
    server.rules.given = { waits: true, runs: false, watches: false, retired: true };
    await page.reload();
    await page.getByRole("button", { name: "Sign", exact: true }).click();
    assert.match((await figures.textContent()) ?? "", /it does not watch now.*none/);
  },
);

testOnScreen(
  "C09 on a phone the page that lists the others is marked while one of them is open",
  { screen: "phone" },
  async ({ page, origin }) => {
    await page.goto(`${origin}/rules/${watchedRule}`);
    const bar = page.getByRole("navigation", { name: "Pages" });
    await bar.locator('a[aria-current="page"]', { hasText: "Trust" }).waitFor();
    assert.equal(await bar.locator('a[aria-current="page"]').count(), 1);
    await bar.getByRole("link", { name: "Queue" }).click();
    await bar.locator('a[aria-current="page"]', { hasText: "Queue" }).waitFor();
    assert.equal(await bar.locator('a[aria-current="page"]').count(), 1);
  },
);

testOnScreen(
  "C09 who only sees the rules is offered nothing that he may not do",
  {},
  async ({ page, origin, server }) => {
    server.grants.may = ["rule:read"];
    await page.goto(`${origin}/rules`);
    await page.getByRole("link", { name: "Panic button pressed" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "New rule" }).count(), 0);
    await page.goto(`${origin}/rules/${watchedRule}`);
    await page.getByText("What version 2 matched").waitFor();
    assert.equal(await page.getByRole("tab", { name: "Edit" }).count(), 0);
    for (const name of ["Let it run", "End the watch", "Retire"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    }
  },
);

testOnScreen(
  "C10 a text is backtested beside its tests: followed, canceled, and its made and unmade shown a day at a time with examples",
  {},
  async ({ page, origin, server }) => {
    server.rules.backtest = "running";
    await page.goto(`${origin}/rules/new`);
    await page.getByText("2 of 2 pass").waitFor();
    const start = page.getByRole("button", { name: "Backtest", exact: true });
    await eventually("it can be asked", () => start.isEnabled());
    await page.getByLabel("Signals of").selectOption("7");
    await start.click();
    await page.getByText("42 %, 98,214 signals").waitFor();
    const sent = server.posted.find(({ path }) => path === "/api/v1/rules/backtests");
    const { files, days } = (sent?.body ?? {}) as { files: { rule: string }[]; days: number };
    assert.deepEqual([days, files[0]?.rule], [7, await page.getByLabel("Rule file").inputValue()]);
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByText("The server was stopped while it ran").waitFor();
    server.rules.backtest = "done";
    await page.getByRole("button", { name: "Backtest again" }).click();
    await page.getByText("214,870 signals").waitFor();
    await page.getByText("a day is counted from there").waitFor();
    await page.getByText("held back 5 situations (3 without the change)").waitFor();
    await page.getByText("held back by a silence").waitFor();
    const rows = page.getByRole("table", { name: "What would have been made and unmade, a day" }).getByRole("row");
    assert.equal(await rows.count(), 1 + 27, "a row for each day on which something differs");
    const examples = page.getByRole("region", { name: "Examples" }).getByRole("listitem");
    assert.equal(await examples.count(), 4);
    await examples.last().getByRole("link", { name: "TW-2026-000117" }).waitFor();
    // Another text: what is shown is not about it.
    const file = page.getByLabel("Rule file");
    await file.fill(`${await file.inputValue()}# more\n`);
    await page.getByText("this is about the one before").waitFor();
    await file.fill((await file.inputValue()).replace("event_type:", "event_type|near:"));
    await eventually("nothing is asked of what is not understood", () =>
      page.getByRole("button", { name: "Backtest again" }).isDisabled(),
    );
  },
);

testOnScreen(
  "C09 C11 a filter is written from the rule that it is for, says what it narrows and that another person signs, and is kept as a draft",
  {},
  async ({ page, origin, server }) => {
    server.rules.given = { waits: false, runs: true, watches: false };
    await page.goto(`${origin}/rules/${watchedRule}`);
    await page.getByRole("link", { name: "Write a filter" }).click();
    await page.getByText("The filter is understood").waitFor();
    await page.getByText("It hides what can open or raise a case, so it runs with a second signature.").waitFor();
    await page.getByText("must match no more").waitFor();
    const file = page.getByLabel("Rule file");
    const text = await file.inputValue();
    assert.match(text, new RegExp(`rules: \\[${watchedRule}\\] # Goods taken back`));
    assert.match(text, /event: \{ event_type: pos_refund, device: \{ id: TRAINING-01, kind: till \}/);
    await file.fill(text.replaceAll("pos_refund", "pos_sale"));
    await page.getByText("no rule that it narrows matches it without the filter").waitFor();
    await file.fill(text);
    await page.getByText("2 of 2 pass").waitFor();
    const keep = page.getByRole("button", { name: "Keep as a draft" });
    await eventually("it can be kept", () => keep.isEnabled());
    await keep.click();
    await page.getByRole("dialog").getByLabel("Because").fill("Everybody learns there.");
    await page.getByRole("dialog").getByRole("button", { name: "Keep as a draft" }).click();
    await eventually("it was sent", () =>
      Promise.resolve(
        server.posted.some(({ path, body }) => path === "/api/v1/rules" && JSON.stringify(body).includes("filter:")),
      ),
    );
  },
);

testOnScreen(
  "C11 a filter says what it keeps out, what it narrows and how the watching version is judged, and is found among the others",
  {},
  async ({ page, origin }) => {
    await page.goto(`${origin}/rules`);
    await page.getByLabel("Kind").selectOption("filter");
    await page.getByText("1 of 5").waitFor();
    await page.getByRole("link", { name: "Not at the training till" }).filter({ visible: true }).click();
    await page.getByText("What version 2 would have kept out while it watched").waitFor();
    await page.getByText("86 % of 7").first().waitFor();
    const narrows = page.getByRole("list", { name: "Rules that it narrows" }).getByRole("listitem");
    assert.equal(await narrows.count(), 2);
    await page.getByRole("button", { name: "Retire" }).click();
    await page.getByText("what its rules match is detected from now on").waitFor();
    assert.equal(page.url(), `${origin}/rules/${watchedFilter}`);
    assert.equal(await page.getByRole("link", { name: "Silence", exact: true }).count(), 0);
  },
);
