import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { packetOf } from "./fixture-record.ts";
import { minorProblem, watchItem } from "./fixture-release.ts";
import { incidentId } from "./fixture-world.ts";
import { proveAgain, testOnScreen } from "./on-screen.ts";

const dialog = (page: Page) => page.getByRole("dialog");
const card = (page: Page, title: string) =>
  page.locator("section", { has: page.getByRole("heading", { name: title }) });
const releasing = (page: Page) => dialog(page).getByRole("button", { name: "Release", exact: true });

testOnScreen(
  "N05 O02 a packet goes to a partner with a second proof, and is taken back with a reason",
  {},
  async ({ page, server, origin }) => {
    server.grants.proven = false;
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=packet`);
    await page.getByText("No packet yet").waitFor();
    assert.equal(await page.getByRole("button", { name: "Release", exact: true }).count(), 0, "nothing sealed yet");
    server.packetReady(incidentId(1));
    await page.getByText("Nobody. A sealed packet stays inside").waitFor();
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await dialog(page).getByLabel("To", { exact: true }).selectOption({ label: "City Police (police)" });
    await dialog(page).getByLabel("Purpose").selectOption({ label: "Request of the police" });
    await dialog(page).getByLabel("Legal ground").selectOption("official_request");
    await dialog(page).getByLabel("Because").fill("Asked.");
    assert.ok(await releasing(page).isDisabled(), "too short a reason");
    await dialog(page).getByLabel("Because").fill("They asked in writing, file 26/417.");
    await releasing(page).click();
    await proveAgain(page);
    await page.getByText("The packet of TW-2026-000123 is released.").waitFor();
    const released = card(page, "Released to").getByRole("listitem");
    await released.getByText("City Police").waitFor();
    await released.getByText("Not taken yet").waitFor();
    const path = `/api/v1/packets/${packetOf(1, "ready").id}/releases`;
    const sent = server.posted.filter((post) => post.path === path);
    assert.equal(sent.length, 2, "refused without the proof, then done");
    assert.deepEqual(sent[1]?.body, {
      recipient: { partnerId: "city-police" },
      purpose: "police_request",
      ground: "official_request",
      because: "They asked in writing, file 26/417.",
    });
    assert.equal(await released.getByRole("button", { name: "Handed over" }).count(), 0, "a partner takes it himself");
    await released.getByRole("button", { name: "Take back" }).click();
    await dialog(page).getByLabel("Because").fill("No.");
    await dialog(page).getByRole("button", { name: "Take it back" }).click();
    await dialog(page).getByText("A sentence, of 10 letters at least.").waitFor();
    await dialog(page).getByLabel("Because").fill("It was the wrong file.");
    await dialog(page).getByRole("button", { name: "Take it back" }).click();
    await page.getByText("Nobody took the packet by it, and nobody can any more.").waitFor();
    await released.getByText("Taken back", { exact: true }).waitFor();
    await released.getByRole("button", { name: "Take back" }).waitFor({ state: "detached" });
    assert.deepEqual(server.posted.at(-1)?.body, { because: "It was the wrong file." });
  },
);

testOnScreen(
  "J11 J13 what stands against a release is shown first, and only the grounds for it can be chosen",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    await page.getByRole("button", { name: "Release", exact: true }).click();
    const against = dialog(page).getByRole("region", { name: "What stands against it" });
    await against.getByText("a minor is among the people of this case.").waitFor();
    await against.getByText("under: A law that obliges us; An authority's request in writing.").waitFor();
    const open = await dialog(page).getByLabel("Legal ground").locator("option:not([disabled])").allInnerTexts();
    assert.deepEqual(open, ["Choose one", "A law that obliges us", "An authority's request in writing"]);
    await dialog(page).getByLabel("To", { exact: true }).selectOption({ label: "Somebody outside, by name" });
    await dialog(page).getByLabel("Organisation").fill("Court of Ghent");
    await dialog(page).getByLabel("Person there").fill("J. Claes");
    await dialog(page).getByLabel("Their case number").fill("26/417");
    await dialog(page).getByLabel("How they get it").selectOption("post");
    await dialog(page).getByLabel("Purpose").selectOption("legal_claim");
    await dialog(page).getByLabel("Legal ground").selectOption("legal_obligation");
    await dialog(page).getByLabel("Because").fill("The court ordered the file.");
    assert.ok(await releasing(page).isDisabled(), "nobody said why it leaves all the same");
    await dialog(page).getByLabel("Why it leaves all the same").fill("The order names the minor.");
    await releasing(page).click();
    await dialog(page).waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, {
      recipient: { agency: "Court of Ghent", person: "J. Claes", reference: "26/417", channel: "post" },
      purpose: "legal_claim",
      ground: "legal_obligation",
      because: "The court ordered the file.",
      despite: "The order names the minor.",
    });
  },
);

testOnScreen(
  "J11 N05 an obstacle that nothing overcomes leaves no way to send it",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.releases.standing.set(incidentId(3), [watchItem]);
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await dialog(page).getByText("It cannot be released as it is.").waitFor();
    await dialog(page).getByText("Make it an incident first, by looking into it.").waitFor();
    assert.ok(await releasing(page).isDisabled());
    const open = await dialog(page).getByLabel("Legal ground").locator("option:not([disabled])").allInnerTexts();
    assert.deepEqual(open, ["Choose one"]);
  },
);

testOnScreen(
  "O02 somebody outside has it: said by whoever handed it over; the receipt is a file",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    const released = card(page, "Released to").getByRole("listitem").filter({ hasText: "Court of Ghent" });
    await released.getByText("Court of Ghent, J. Claes, 26/417", { exact: true }).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      released.getByRole("button", { name: "Receipt" }).click(),
    ]);
    assert.match(file.suggestedFilename(), /^TW-[\d-]+-receipt-cdcdcdcd\.json$/);
    const receipt: unknown = JSON.parse(await readFile(await file.path(), "utf8"));
    assert.partialDeepStrictEqual(receipt, { envelope: { payload: "e30=" } });
    await released.getByRole("button", { name: "Handed over" }).click();
    await dialog(page).getByRole("button", { name: "They have it" }).click();
    await released.getByText("They have it").waitFor();
    assert.match(server.posted.at(-1)?.path ?? "", /\/releases\/[^/]+\/taken$/);
  },
);

testOnScreen(
  "N01 who only reads releases and holds is offered nothing to do; who may not sees none of it",
  {},
  async ({ page, server, origin }) => {
    const reads = ["incident:list", "packet:open", "release:read", "retention:read"];
    server.grants.mayWith.set(incidentId(3), reads);
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    await page.getByText("They have it").waitFor();
    await page.getByText("Nothing holds it").waitFor();
    for (const name of ["Release", "Take back", "Handed over", "Hold"]) {
      assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
    }
    server.grants.mayWith.set(incidentId(3), ["incident:list", "packet:open"]);
    await page.reload();
    await page.getByRole("button", { name: "Download packet" }).waitFor();
    for (const title of ["Released to", "Legal hold"]) {
      assert.equal(await page.getByRole("heading", { name: title }).count(), 0, title);
    }
  },
);

testOnScreen(
  "J11 N05 what the server refuses at last is said in its words, and nothing is lost",
  {},
  async ({ page, server, origin }) => {
    server.releases.standing.clear();
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await dialog(page).getByLabel("To", { exact: true }).selectOption({ label: "City Police (police)" });
    await dialog(page).getByLabel("Purpose").selectOption("legal_claim");
    await dialog(page).getByLabel("Legal ground").selectOption("legitimate_interest");
    await dialog(page).getByLabel("Because").fill("The claim needs it.");
    // Meanwhile somebody marked a minor.
    server.releases.refuseWith = minorProblem;
    await releasing(page).click();
    await dialog(page).getByRole("alert").getByText("release_minor").waitFor();
    await dialog(page).getByText("What stands against it").waitFor();
    assert.equal(await dialog(page).getByLabel("Because").inputValue(), "The claim needs it.");
    assert.ok(await releasing(page).isDisabled(), "this ground does not serve any more");
  },
);

testOnScreen(
  "K04 N05 a case under hold is released by whoever says that he knows of it; the line says so after",
  { screen: "phone", theme: "dark" },
  async ({ page, server, origin }) => {
    server.releases.standing.clear();
    server.releases.holds = [
      {
        id: "77777777-7777-4777-8777-777777777777",
        matter: "Claim 26/88",
        ground: "legal_claim",
        because: "The insurer disputes the claim.",
        at: new Date(Date.now() - 86_400_000).toISOString(),
        actor: "user:cora",
        endedAt: null,
        endedBy: null,
      },
    ];
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    await page.getByRole("button", { name: "Release", exact: true }).click();
    const held = dialog(page).getByRole("region", { name: "Under legal hold" });
    await held.getByText("Claim 26/88").waitFor();
    await dialog(page).getByLabel("To", { exact: true }).selectOption({ label: "City Police (police)" });
    await dialog(page).getByLabel("Purpose").selectOption("police_request");
    await dialog(page).getByLabel("Legal ground").selectOption("official_request");
    await dialog(page).getByLabel("Because").fill("They asked in writing, file 26/417.");
    assert.ok(await releasing(page).isDisabled(), "nobody said that he knows");
    await held.getByLabel("I know of this hold").check();
    await releasing(page).click();
    await dialog(page).waitFor({ state: "hidden" });
    const sent = server.posted.at(-1)?.body as { readonly holds?: unknown };
    assert.deepEqual(sent.holds, ["77777777-7777-4777-8777-777777777777"]);
    await page.getByText("Released while the case was under legal hold: legal claim.").waitFor();
  },
);

testOnScreen(
  "J11 N05 a case with a minor is shared by who may state the ground; others read who may",
  {},
  async ({ page, server, origin }) => {
    server.grants.minorGrounds = ["official_request", "vital_interest"];
    const may = ["incident:list", "share:read", "incident:share"];
    server.grants.mayWith.set(incidentId(1), may);
    const share = card(page, "Shared with").getByRole("button", { name: "Share", exact: true });
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=work`);
    await share.click();
    await dialog(page).getByText("Counsel may share it, under: An authority's request in writing;").waitFor();
    assert.equal(await dialog(page).getByLabel("Legal ground").count(), 0);
    server.grants.mayWith.set(incidentId(1), [...may, "exhibit:release_minor"]);
    await page.reload();
    await share.click();
    await dialog(page).getByLabel("With").selectOption({ index: 1 });
    await dialog(page).getByLabel("What for").selectOption({ index: 1 });
    await dialog(page).getByLabel("Ground", { exact: true }).fill("file 26/417");
    const send = dialog(page).getByRole("button", { name: "Share", exact: true });
    assert.ok(await send.isDisabled(), "no legal ground yet");
    await dialog(page).getByLabel("Legal ground").selectOption("vital_interest");
    await send.click();
    await dialog(page).waitFor({ state: "hidden" });
    assert.partialDeepStrictEqual(server.posted.at(-1)?.body, { legalGround: "vital_interest" });
  },
);

testOnScreen(
  "J11 the flag of a case is shown, and taken back with a reason by who may",
  {},
  async ({ page, server, origin }) => {
    server.releases.minors.set(incidentId(1), {
      minor: true,
      at: new Date().toISOString(),
      actor: "user:gus",
      grounds: [],
    });
    const may = ["incident:list", "incident:note"];
    server.grants.mayWith.set(incidentId(1), may);
    const people = card(page, "People");
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=work`);
    await people.getByText("A minor is among them: no list").waitFor();
    assert.equal(await people.getByRole("button", { name: "No minor after all" }).count(), 0);
    server.grants.mayWith.set(incidentId(1), [...may, "exhibit:release_minor"]);
    await page.reload();
    await people.getByRole("button", { name: "No minor after all" }).click();
    await dialog(page).getByLabel("Because").fill("She is of age, by her card.");
    await dialog(page).getByRole("button", { name: "Take the flag back" }).click();
    await dialog(page).waitFor({ state: "hidden" });
    assert.deepEqual(server.posted.at(-1)?.body, { minor: false, because: "She is of age, by her card." });
  },
);

testOnScreen(
  "N05 O02 a download link for somebody outside: made with a second proof, shown once with its code, ended with a reason",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.grants.proven = false;
    await page.goto(`${origin}/incidents/${incidentId(3)}?tab=packet`);
    const released = card(page, "Released to").getByRole("listitem");
    const outside = released.filter({ hasText: "Court of Ghent" });
    await outside.getByRole("button", { name: "Make a download link" }).click();
    await dialog(page).getByLabel("It opens for").selectOption("7");
    await dialog(page).getByRole("button", { name: "Make the link" }).click();
    await proveAgain(page);
    await dialog(page).getByText("Both are shown here and nowhere again.").waitFor();
    await dialog(page)
      .getByText(`${origin}/take/${"S".repeat(43)}`)
      .waitFor();
    await dialog(page).getByText("1234 5678").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { days: 7 });
    await dialog(page).getByRole("button", { name: "I have both" }).click();
    await outside.getByText("A link waits for them").waitFor();
    assert.ok(!(await page.content()).includes("SSSS"), "it is gone with the dialog");
    await outside.getByRole("button", { name: "Make a new link" }).click();
    assert.ok(!(await page.content()).includes("SSSS"), "nor is it there again");
    await dialog(page).getByText("The link from before opens nothing from then on.").waitFor();
    await page.keyboard.press("Escape");
    await outside.getByRole("button", { name: "End the link" }).click();
    await dialog(page).getByLabel("Because").fill("It went to the wrong address.");
    await dialog(page).getByRole("button", { name: "End it now" }).click();
    await outside.getByText("The link was ended").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { because: "It went to the wrong address." });
    const partner = released.filter({ hasText: "City Police" });
    assert.equal(await partner.getByRole("button", { name: /link/ }).count(), 0, "a partner's people sign in");
  },
);

testOnScreen(
  "J12 N05 a case is held for a matter with a second proof, and the hold ends with a reason",
  {},
  async ({ page, server, origin }) => {
    server.grants.proven = false;
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=work`);
    const holds = card(page, "Legal hold");
    await holds.getByText("Nothing holds it").waitFor();
    await holds.getByRole("button", { name: "Hold", exact: true }).click();
    await dialog(page).getByLabel("Matter").fill("Claim 26/88");
    await dialog(page).getByLabel("Legal ground").selectOption({ label: "Legal claim" });
    await dialog(page).getByLabel("Because").fill("Too short");
    assert.ok(await dialog(page).getByRole("button", { name: "Hold it" }).isDisabled());
    await dialog(page).getByLabel("Because").fill("The insurer disputes the claim.");
    await dialog(page).getByRole("button", { name: "Hold it" }).click();
    await proveAgain(page);
    await holds.getByText("Content cannot be purged.").waitFor();
    await holds.getByText("Claim 26/88").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, {
      matter: "Claim 26/88",
      ground: "legal_claim",
      because: "The insurer disputes the claim.",
    });
    server.grants.proven = false;
    await holds.getByRole("button", { name: "End the hold for Claim 26/88" }).click();
    await dialog(page).getByLabel("Because").fill("The claim was settled.");
    await dialog(page).getByRole("button", { name: "End it now" }).click();
    await proveAgain(page);
    await holds.getByText("Nothing holds it").waitFor();
    await holds.getByText("Ended", { exact: true }).waitFor();
    assert.match(server.posted.at(-1)?.path ?? "", /\/holds\/[^/]+\/end$/);
    assert.deepEqual(server.posted.at(-1)?.body, { because: "The claim was settled." });
  },
);
