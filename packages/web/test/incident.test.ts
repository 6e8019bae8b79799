import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Page } from "playwright-core";
import type { Posted } from "./fixture-server.ts";
import { everyAction } from "./fixture-grants.ts";
import { incidentId } from "./fixture-world.ts";
import { eventually, proveAgain, testOnScreen, watchShifts } from "./on-screen.ts";

const path = `/incidents/${incidentId(1)}`;
const verdictPath = `/api/v1/incidents/${incidentId(1)}/verdict`;

async function openIncident(page: Page, origin: string, tab = "why"): Promise<void> {
  await page.goto(`${origin}${path}?tab=${tab}`);
  await page.getByRole("heading", { level: 1, name: "Tagged spirits left" }).waitFor();
}

testOnScreen(
  "E06 a verdict takes one key and is recorded within five seconds",
  {},
  async ({ page, server, origin }) => {
    await page.clock.install(); // the page's own seconds, whatever else the machine does
    await openIncident(page, origin);
    await page.keyboard.press("t");
    await page.getByText(/TW-2026-000123: True\. Saving/).waitFor();
    await page.clock.runFor(5_000);
    await eventually("the verdict is sent", () => server.posted.some((post) => post.path === verdictPath));
    assert.deepEqual(
      server.posted.map((post) => [post.path, post.body]),
      [[verdictPath, { verdict: "true" }]],
    );
    await page.getByText("Saved: TW-2026-000123 is true.").waitFor();
    await page.getByRole("button", { name: "True", pressed: true }).waitFor();
  },
);

testOnScreen("E06 a verdict can be undone before it is recorded", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.keyboard.press("f");
  await page.getByText(/False\. Saving/).waitFor();
  await page.keyboard.press("z");
  await page.getByText(/Taken back/).waitFor();
  await page.waitForTimeout(4_500);
  assert.equal(server.posted.length, 0);
});

testOnScreen(
  "E06 going on to the next incident sends the verdict and loses nothing",
  {},
  async ({ page, server, origin }) => {
    await page.goto(origin);
    await page.getByRole("link", { name: "Panic button at the tills" }).click();
    await page.getByRole("heading", { level: 1, name: "Panic button" }).waitFor();
    await page.keyboard.press("t");
    await page.keyboard.press("n");
    await page.getByRole("heading", { level: 1, name: "Tagged spirits left" }).waitFor();
    await page.keyboard.press("u");
    await eventually("both verdicts are sent", () => server.posted.length === 2);
    assert.deepEqual(
      server.posted.map((post) => post.body),
      [{ verdict: "true" }, { verdict: "unsure" }],
    );
  },
);

testOnScreen("E06 a verdict that the server refuses is said to be not saved", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  server.failWith(verdictPath, {
    type: "about:blank",
    title: "Conflict",
    status: 409,
    code: "incident_closed",
    detail: "It was closed meanwhile.",
  });
  await page.keyboard.press("u");
  await page
    .getByText(/Not saved: the verdict on TW-2026-000123\. It was closed meanwhile\. \(incident_closed\)/)
    .waitFor();
});

testOnScreen("E06 keys are quiet while somebody types", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.getByLabel("New note").fill("");
  await page.getByLabel("New note").press("t");
  await page.waitForTimeout(300);
  assert.equal(await page.getByText(/Saving/).count(), 0);
  await page.getByLabel("New note").fill("The tills had no sale of it");
  await page.getByRole("button", { name: "Add note" }).click();
  await eventually("the note is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { text: "The tills had no sale of it" });
});

testOnScreen(
  "F08 a note that is being typed survives a reload, and is gone once it is on the record",
  {},
  async (scene) => {
    const { page, server, origin } = scene;
    await openIncident(page, origin);
    await page.getByLabel("New note").fill("Two of them, north door");
    await page.reload();
    const note = page.getByLabel("New note");
    await note.waitFor();
    assert.equal(await note.inputValue(), "Two of them, north door");
    await page.getByRole("button", { name: "Add note" }).click();
    await eventually("the note is sent", () => server.posted.length === 1);
    await eventually("nothing of it is kept", () =>
      page.evaluate(() => Object.keys(sessionStorage).every((key) => !key.startsWith("tillwatch.note."))),
    );
  },
);

testOnScreen("E05 the waterfall lists every reason and its numbers sum exactly", {}, async ({ page, origin }) => {
  await openIncident(page, origin);
  const table = page.getByRole("table", { name: "How the score came about" });
  const rows = await table.getByRole("row").allInnerTexts();
  const amounts = rows.flatMap((row) => {
    const [, sign, digits] = /([+−])(\d+\.\d{3})/.exec(row) ?? [];
    return digits === undefined ? [] : [(sign === "−" ? -1 : 1) * Number(digits.replace(".", ""))];
  });
  const total = amounts.pop();
  assert.equal(amounts.length, 7);
  assert.equal(
    amounts.reduce((sum, amount) => sum + amount, 0),
    total,
  );
  assert.match(rows[1] ?? "", /Most of what sensors notice is harmless/);
  assert.match(rows.at(-1) ?? "", /sum exactly[^]*\+3\.710[^]*0\.98/);
});

testOnScreen("E05 what a rule matched on is shown: field, value and pattern", {}, async ({ page, origin }) => {
  await openIncident(page, origin);
  await page.getByText("What the rules saw").waitFor();
  assert.match(
    await page.locator("li", { hasText: "Tagged goods leave without a sale" }).first().innerText(),
    /context\.unexplained_count was 6; the rule asks for >= 2/,
  );
});

testOnScreen(
  "F08 the timeline shows corrected time, the device's own time, and what came late",
  {},
  async ({ page, origin }) => {
    await openIncident(page, origin, "timeline");
    const first = page.locator("ol > li", { hasText: "Camera C-03 saw" });
    assert.match(await first.innerText(), /the device wrote \d\d:\d\d:\d\d, its clock is 3 min ahead/);
    assert.match(await page.locator("ol > li", { hasText: "Exit gate E-01 rang" }).innerText(), /arrived late/);
    await page.getByRole("button", { name: /^Signal/ }).click();
    assert.equal(await page.getByText("Camera C-03 saw").count(), 0);
    await page.getByText("Duty manager informed").waitFor();
  },
);

testOnScreen(
  "E08 an override asks for a reason and stands beside the machine's value",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin);
    await page.getByRole("button", { name: "Set by hand" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Severity").fill("1,5");
    await dialog.getByRole("button", { name: "Set severity" }).click();
    await dialog.getByText("A number from 0 to 1").waitFor();
    await dialog.getByText("A reason is needed").waitFor();
    assert.equal(server.posted.length, 0);
    await dialog.getByLabel("Severity").fill("0,35");
    await dialog.getByLabel("Because").fill("The sale was found on till 3");
    await dialog.getByRole("button", { name: "Set severity" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted[0]?.body, { severity: 0.35, because: "The sale was found on till 3" });
  },
);

testOnScreen("F06 only the allowed states are offered, each with its reason", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  assert.equal(await page.getByRole("button", { name: "Hand over" }).count(), 0);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page
    .getByRole("dialog")
    .getByLabel(/Because/)
    .fill("On my way");
  await page.keyboard.press("Tab");
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await eventually("it is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { to: "acknowledged", because: "On my way" });
  await page.getByText("Acknowledged", { exact: true }).first().waitFor();
});

testOnScreen("F06 closing begins with one of the known reasons", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").selectOption("unfounded");
  await dialog.getByLabel(/Because/).fill("The sale was found");
  await dialog.locator("button[type=submit]").click();
  await eventually("it is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { to: "closed", because: "unfounded: The sale was found" });
});

testOnScreen(
  "F02 the record is completed on its page, and only what differs is sent",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin);
    await page.getByRole("button", { name: "Correct or complete" }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(await dialog.getByLabel("Lost (EUR)").inputValue(), "214.00");
    assert.ok(await dialog.getByRole("button", { name: "Save" }).isDisabled());
    await dialog.getByLabel("Recovered (EUR)").fill("100");
    await dialog.getByLabel("People involved").fill("2");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted[0]?.body, { valueRecoveredMinor: 10_000, peopleInvolved: 2 });
  },
);

testOnScreen(
  "F16 an upload shows its progress and its digest is compared with the file here",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin, "exhibits");
    const bytes = Buffer.from("a photo of the exit");
    server.uploadSha256 = createHash("sha256").update(bytes).digest("hex");
    await page.getByLabel("Add files").setInputFiles({ name: "exit.jpg", mimeType: "image/jpeg", buffer: bytes });
    await page.getByText("same as the file on this device").waitFor();
    server.uploadSha256 = "00".repeat(32);
    await page.getByLabel("Add files").setInputFiles({ name: "other.jpg", mimeType: "image/jpeg", buffer: bytes });
    await page.getByText("differs from the file on this device").waitFor();
  },
);

testOnScreen(
  "J16 J11 the page offers the copy with how it was made, asks for the original, approves another's wish, flags a minor",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin, "exhibits");
    const asked = page.waitForRequest(/\/exhibits\/2{8}-.*\/content/);
    await page.getByRole("button", { name: "Download the copy" }).click();
    assert.match((await asked).url(), /\/content$/, "never the original");
    await page.getByText("How the copy was made").click();
    await page.getByText("black: the camera's mask, version 2").waitFor();
    await page.getByText("Custody: 2 entries").click();
    const custody = await page.getByRole("list", { name: "Custody" }).getByRole("listitem").allInnerTexts();
    assert.match(
      custody[0] ?? "",
      /received by person:7f3a[^]*uploaded as evidence[^]*entry b94bfec86dc75093 · the first/,
    );
    assert.match(
      custody[1] ?? "",
      /copied by the machine[^]*after b94bfec86dc75093/,
      "each stands after the one before",
    );
    const own = "/api/v1/exhibits/22222222-2222-4222-8222-222222222222";
    const because = async (action: string, text: string) => {
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: action, exact: true }).click();
      await dialog.getByText(/A reason is needed|A sentence, of 10 letters/).waitFor();
      await dialog.getByLabel("Because").fill(text);
      await dialog.getByRole("button", { name: action, exact: true }).click();
      await dialog.waitFor({ state: "hidden" });
    };
    await page.getByRole("button", { name: "Ask for the original" }).click();
    await page.getByLabel("For", { exact: true }).selectOption("8");
    await because("Ask", "the court asked for it");
    await page.getByRole("button", { name: "Approve" }).click();
    await because("Approve", "the order was shown to me");
    await page.getByRole("button", { name: "A minor is in it" }).click();
    await because("Withhold it from outside", "a school uniform");
    assert.deepEqual(
      server.posted.map(({ path: to, body }) => [to.replace(own, ""), body]),
      [
        ["/original-requests", { because: "the court asked for it", hours: 8 }],
        [
          "/original-requests/44444444-4444-4444-8444-444444444444/decision",
          { approve: true, because: "the order was shown to me" },
        ],
        ["/minor", { because: "a school uniform" }],
      ],
    );
  },
);

testOnScreen(
  "J11 N06 a legal ground for an exhibit with a minor: by another person who may, with a second proof, and taken back",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    const minor = {
      because: "a school uniform",
      at: new Date().toISOString(),
      actor: "user:gus",
      ground: null,
      groundBecause: null,
      groundAt: null,
      groundBy: null,
      grounds: ["official_request", "vital_interest"],
    };
    const minorOf = page.getByRole("region", { name: "A minor is in it" });
    server.exhibitNews = { minor };
    server.grants.mayWith.set(incidentId(1), ["incident:list", "exhibit:open", "exhibit:read", "exhibit:mark"]);
    await openIncident(page, origin, "exhibits");
    await minorOf.getByText("Counsel or the data protection officer may state a legal ground").waitFor();
    assert.equal(await minorOf.getByRole("button").count(), 0);

    const may = ["incident:list", "exhibit:open", "exhibit:read", "exhibit:mark", "exhibit:release_minor"];
    server.grants.mayWith.set(incidentId(1), may);
    server.grants.proven = false;
    await page.reload();
    await minorOf.getByRole("button", { name: "State a legal ground" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Because").fill("The order names her");
    await dialog.getByRole("button", { name: "State it" }).click();
    assert.equal(server.posted.length, 0, "no ground was chosen");
    await dialog.getByLabel("Legal ground").selectOption("official_request");
    await dialog.getByRole("button", { name: "State it" }).click();
    await proveAgain(page);
    await dialog.waitFor({ state: "hidden" });
    const stated = server.posted.findLast(({ path: to }) => to.endsWith("/minor/ground"));
    assert.deepEqual(stated?.body, { ground: "official_request", because: "The order names her" });

    const groundAt = minor.at;
    const lifted = {
      ground: "official_request",
      groundBecause: "The order names her",
      groundAt,
      groundBy: "user:cora",
    };
    server.exhibitNews = { minor: { ...minor, ...lifted } };
    await page.reload();
    await minorOf.getByText("An authority's request in writing. The order names her").waitFor();
    await minorOf.getByRole("button", { name: "Take the ground back" }).click();
    await dialog.getByLabel("Because").fill("The order was annulled");
    await dialog.getByRole("button", { name: "Withhold it again" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, { ground: null, because: "The order was annulled" });
  },
);

testOnScreen(
  "I24 a packet is built, announced by the live feed, and downloaded",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin, "packet");
    await page.getByRole("button", { name: "Build a packet" }).click();
    await page.getByText("Building: gathers, seals, signs").waitFor();
    server.packetReady(incidentId(1));
    const asked = page.waitForRequest(/\/api\/v1\/packets\/3{8}-/);
    await page.getByRole("button", { name: "Download packet" }).click();
    await asked;
    await page.getByText("tillwatch-verify TW-2026-000123-packet.zip").waitFor();
  },
);

testOnScreen(
  "I24 J16 J11 a packet of sealed originals: each is asked for, another person approves, then it is built",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    const me = server.grants.who().actor;
    await openIncident(page, origin, "packet");
    await page.getByRole("button", { name: "Other contents" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What of pictures and clips is in it").selectOption("originals");
    const keys = dialog.getByRole("region", { name: "Keys to the originals" });
    await keys.getByText("not asked for").waitFor();
    const build = dialog.getByRole("button", { name: "Build it" });
    assert.ok(await build.isDisabled(), "nobody holds two keys");
    const ask = keys.getByRole("button", { name: "Ask for the original" });
    await keys.getByLabel("Why the originals are needed").fill("A court");
    assert.ok(await ask.isDisabled(), "too short a reason");
    await keys.getByLabel("Why the originals are needed").fill("A court ordered the files themselves");
    await ask.click();
    await keys.getByText("not asked for").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { because: "A court ordered the files themselves", hours: 24 });

    const request = {
      id: "44444444-4444-4444-8444-444444444445",
      askedBy: me,
      askedAt: new Date().toISOString(),
      purpose: "case_building",
      because: "A court ordered the files themselves",
      hours: 24,
      state: "asked",
      decidedBy: null,
      decidedAt: null,
      decidedBecause: null,
      endsAt: null,
    } as const;
    server.exhibitNews = { originalRequests: [request] };
    await page.reload();
    await page.getByRole("button", { name: "Other contents" }).click();
    await dialog.getByLabel("What of pictures and clips is in it").selectOption("originals");
    await keys.getByText("waits for another person").waitFor();
    assert.ok(await build.isDisabled());
    // The second key turns while the first person waits here: nobody has to load the page again.
    server.exhibitNews = { originalRequests: [{ ...request, state: "approved" }] };
    await keys.getByText("two keys").waitFor();
    await dialog.getByLabel("Because (if").fill("for the court");
    await build.click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, { originals: true, because: "for the court" });

    server.grants.may = [...server.grants.may, "exhibit:release_minor"];
    server.packetReady(incidentId(1));
    await page.reload();
    await page.getByRole("button", { name: "Other contents" }).click();
    await dialog.getByLabel("What a minor is in").selectOption("official_request");
    await build.click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, { minorGround: "official_request" });
  },
);

testOnScreen("F19 what is missing says how to get it", { screen: "phone" }, async ({ page, origin }) => {
  await openIncident(page, origin, "work");
  await page.getByText("50 % complete").waitFor();
  await page.getByText("Bookmark two minutes before and after").waitFor();
});

testOnScreen("F08 nothing jumps when the incident arrives late", {}, async ({ page, server, origin }) => {
  const shifted = await watchShifts(page);
  server.delayMs = 400;
  await openIncident(page, origin);
  await page.waitForTimeout(300);
  assert.ok((await shifted()) < 0.05, `layout shift of ${await shifted()}`);
});

testOnScreen("F02 an incident that does not exist says so", {}, async ({ page, origin }) => {
  await page.goto(`${origin}/incidents/${incidentId(999)}`);
  await page.getByRole("heading", { name: "This incident cannot be shown" }).waitFor();
  await page.getByText("incident_unknown").waitFor();
});

function given(posted: readonly Posted[]): unknown {
  const body: unknown = posted.at(-1)?.body;
  return typeof body === "object" && body !== null && "ownerToken" in body ? body.ownerToken : undefined;
}

testOnScreen("F06 a case is taken and given back by one click", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Who works on it" }) });
  await card.getByText("Nobody yet").waitFor();
  await card.getByRole("button", { name: "Take it" }).click();
  await card.getByText("You", { exact: true }).waitFor();
  assert.deepEqual(given(server.posted), "user:admin");
  await card.getByRole("button", { name: "Give back" }).click();
  await card.getByText("Nobody yet").waitFor();
  assert.deepEqual(given(server.posted), null);
});

const content = "**/api/v1/exhibits/*/content";

testOnScreen(
  "J16 a copy that is still being made is waited for, and a refusal is read in words instead of being saved",
  {},
  async ({ page, origin }) => {
    await openIncident(page, origin, "exhibits");
    let asked = 0;
    await page.route(content, (route) => {
      asked += 1;
      if (asked === 1) return route.fulfill({ status: 202, json: { id: "1", state: "making" } });
      const name = `attachment; filename="copy-1.jpg"; filename*=UTF-8''copy%20of%20%C3%A9t%C3%A9.jpg`;
      return route.fulfill({ status: 200, headers: { "content-disposition": name }, body: "picture" });
    });
    const button = page.getByRole("button", { name: "Download the copy" });
    const [saved] = await Promise.all([page.waitForEvent("download"), button.click()]);
    assert.deepEqual([asked, saved.suggestedFilename()], [2, "copy of été.jpg"]);
    await page.unroute(content);
    const refusal = {
      type: "https://tillwatch.org/errors#exhibit_minor_protected",
      title: "Conflict",
      status: 409,
      code: "exhibit_minor_protected",
      detail: "a minor is in it: nothing of it goes outside without a legal ground",
    };
    await page.route(content, (route) =>
      route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(refusal) }),
    );
    await button.click();
    await page.getByRole("alert").getByText("nothing of it goes outside").waitFor();
  },
);

testOnScreen(
  "J12 I24 of what was destroyed the page says so, and offers nothing that cannot be done any more",
  { screen: "phone", theme: "dark" },
  async ({ page, server, origin }) => {
    server.disposed(incidentId(1), "2026-11-20T09:00:00.000Z");
    await openIncident(page, origin, "packet");
    const [gone, there] = [page.getByRole("listitem").filter({ hasText: "Destroyed" }), page.getByText("Ready")];
    await gone.getByText("With the originals").waitFor();
    await gone.getByText(/^Its content was destroyed .* The digest stays\.$/).waitFor();
    assert.equal(await gone.getByRole("button").count(), 0, "no download, no release");
    await there.waitFor();
    assert.equal(await page.getByRole("button", { name: "Download packet" }).count(), 1, "of the other packet");
    await page.getByRole("tab", { name: /Exhibits/ }).click();
    await page
      .getByText(/Digest and custody stay\./)
      .first()
      .waitFor();
    await page
      .getByText(/^Custody: /)
      .first()
      .waitFor();
    for (const name of [/^Download/, /Ask for the original/, /A minor is in it/, /Mark people/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
    }
  },
);

testOnScreen(
  "O03 N13 a case names its owner for who may read the record, and shows others a token",
  {},
  async ({ page, server, origin }) => {
    server.people = { "user:0d9e": "Dina Haddad" };
    server.own(incidentId(1), "user:0d9e");
    await page.goto(`${origin}/incidents/${incidentId(1)}`);
    await page.getByText("Dina Haddad").first().waitFor();
    assert.doesNotMatch(await page.locator("main").innerText(), /user:0d9e/);
    server.grants.may = everyAction.filter((action) => action !== "audit:read");
    await page.reload();
    await page.getByText("user:0d9e").first().waitFor();
    assert.equal(await page.getByText("Dina Haddad").count(), 0);
  },
);
