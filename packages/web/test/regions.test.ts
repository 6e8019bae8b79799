import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { incidentId } from "./fixture-world.ts";
import { testOnScreen } from "./on-screen.ts";

const areaButton = (page: Page, number: number) => page.getByRole("button", { name: new RegExp(`^Area ${number}: `) });

/** The frame of the picture on the screen, scrolled to. */
async function frameOf(picture: Locator) {
  await picture.scrollIntoViewIfNeeded();
  const box = await picture.boundingBox();
  assert.ok(box !== null);
  return (x: number, y: number) => ({ x: box.x + box.width * x, y: box.y + box.height * y });
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
  await page.mouse.move(to.x, to.y);
  await page.mouse.up();
}

type Sent = { readonly regions: readonly { readonly corners: readonly (readonly [number, number])[] }[] };

function roughly(sent: Sent, at: number, want: readonly (readonly [number, number])[]): void {
  const corners = sent.regions[at]?.corners ?? [];
  assert.equal(corners.length, want.length);
  for (const [index, [x, y]] of want.entries()) {
    const [isX = -1, isY = -1] = corners[index] ?? [];
    assert.ok(Math.abs(isX - x) <= 6 && Math.abs(isY - y) <= 6, `${isX},${isY} is not ${x},${y}`);
  }
}

testOnScreen(
  "J02 J06 people are marked in a picture with the mouse: drawn, moved, pulled; seen as it is given out; saved",
  {},
  async ({ page, server, origin }) => {
    server.exhibitNews = { mediaKind: "picture" };
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=exhibits`);
    await page.getByRole("button", { name: "Mark people" }).click();
    const picture = page.getByRole("group", { name: /with what is marked in it/ });
    await page.waitForFunction(() => (document.querySelector("img[src*='/content']") as HTMLImageElement)?.complete);
    const at = await frameOf(picture);
    await drag(page, at(0.3, 0.3), at(0.301, 0.301));
    assert.equal(await areaButton(page, 1).count(), 0, "a slip of the hand is no area");
    await drag(page, at(0.35, 0.8), at(0.25, 0.3));
    await areaButton(page, 1).waitFor();
    await drag(page, at(0.3, 0.5), at(0.4, 0.5));
    await drag(page, at(0.45, 0.8), at(0.5, 0.9));
    await page.getByRole("button", { name: "As it is given out" }).click();
    await page.getByText("there is nothing beneath it").waitFor();
    assert.equal(await areaButton(page, 1).count(), 0, "nothing to pull in what is given out");
    await page.getByRole("button", { name: "Go on drawing" }).click();
    await page.getByLabel("Because").fill("two persons at the door");
    await page.getByRole("button", { name: "Save what is marked" }).click();
    await page.getByRole("button", { name: "Save what is marked" }).waitFor({ state: "detached" });
    const sent = server.posted.at(-1);
    assert.match(sent?.path ?? "", /\/regions$/);
    assert.partialDeepStrictEqual(sent?.body, { version: 0, because: "two persons at the door" });
    roughly(sent?.body as Sent, 0, [
      [350, 300],
      [500, 300],
      [500, 900],
      [350, 900],
    ]);
  },
);

testOnScreen(
  "J02 F14 the same by keyboard and by number on a phone, with a time in a clip; a removed area is gone",
  { screen: "phone", theme: "dark" },
  async ({ page, server, origin }) => {
    server.exhibitNews = {
      mediaKind: "clip",
      regions: { version: 3, regions: [{ corners: [[0, 0], [100, 0], [50, 90]], during: null }] }, // prettier-ignore
    };
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=exhibits`);
    await page.getByRole("button", { name: "Marked people, version 3" }).click();
    // The fixture has no clip: marking goes on by number.
    await page.getByText("You can mark by numbers all the same").waitFor();
    await areaButton(page, 1).focus();
    await page.getByText("A shape of 3 corners").waitFor();
    await page.getByRole("button", { name: "Add an area" }).click();
    await areaButton(page, 2).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await page.getByLabel("From the left, ‰").fill("100");
    await page.getByLabel("Moment of the clip, seconds").fill("2");
    await page.getByRole("button", { name: "Only for a time, from here" }).click();
    await page.getByLabel("Until, seconds").fill("4.5");
    await areaButton(page, 1).focus();
    await page.keyboard.press("Delete");
    await page.getByLabel("Because").fill("the person on the left");
    await page.getByRole("button", { name: "Save what is marked" }).click();
    await page.getByRole("button", { name: "Save what is marked" }).waitFor({ state: "detached" });
    assert.deepEqual(server.posted.at(-1)?.body, {
      regions: [
        {
          corners: [[100, 340], [310, 340], [310, 650], [100, 650]], // prettier-ignore
          during: { fromMs: 2000, toMs: 4500 },
        },
      ],
      version: 3,
      because: "the person on the left",
    });
  },
);

testOnScreen(
  "J19 masks of a camera are drawn over a picture that stays on the device",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/privacy?tab=cameras`);
    const card = page.locator("section", { has: page.getByRole("heading", { name: "Camera C-02" }) });
    const save = card.getByRole("button", { name: "Save the masks" });
    await card.getByLabel("A picture of C-02 to draw over").setInputFiles({
      name: "c02.svg",
      mimeType: "image/svg+xml",
      buffer: Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90"><rect width="160" height="90" fill="gray"/></svg>`,
      ),
    });
    await card.locator("img").waitFor();
    assert.ok(await save.isDisabled(), "no reason yet");
    const at = await frameOf(card.getByRole("group", { name: /Picture of C-02/ }));
    await drag(page, at(0.1, 0.2), at(0.4, 0.6));
    await card.getByText("1 mask", { exact: true }).waitFor();
    await card.getByLabel("Because").fill("the till's keypad is in view");
    await save.click();
    await page.waitForFunction(() => document.querySelectorAll("[aria-busy=true]").length === 0);
    const sent = server.posted.at(-1);
    assert.equal(sent?.path, "/api/v1/sites/S-1001/masks/C-02");
    const { polygons, ...rest } = sent.body as { polygons: Sent["regions"][number]["corners"][] };
    assert.deepEqual(rest, { because: "the till's keypad is in view", version: 0 });
    roughly({ regions: polygons.map((corners) => ({ corners })) }, 0, [
      [100, 200],
      [400, 200],
      [400, 600],
      [100, 600],
    ]);
    assert.ok(
      server.posted.every(({ path }) => path.includes("/masks/")),
      "the picture went nowhere",
    );
  },
);

testOnScreen(
  "J02 a finger draws, and the page does not scroll under it",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    server.exhibitNews = { mediaKind: "picture" };
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=exhibits`);
    await page.getByRole("button", { name: "Mark people" }).click();
    await page.waitForFunction(() => (document.querySelector("img[src*='/content']") as HTMLImageElement)?.complete);
    const picture = page.getByRole("group", { name: /with what is marked in it/ });
    await picture.evaluate((element) => element.scrollIntoView({ block: "center" }));
    const at = await frameOf(picture);
    const scrolled = await page.evaluate(() => scrollY);
    const finger = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", point?: { x: number; y: number }) =>
      finger.send("Input.dispatchTouchEvent", { type, touchPoints: point === undefined ? [] : [point] });
    await touch("touchStart", at(0.2, 0.2));
    await touch("touchMove", at(0.3, 0.5));
    await touch("touchMove", at(0.4, 0.8));
    await touch("touchEnd");
    await areaButton(page, 1).waitFor();
    assert.equal(await page.evaluate(() => scrollY), scrolled);
  },
);
