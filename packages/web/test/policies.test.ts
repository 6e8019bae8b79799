import assert from "node:assert/strict";
import { testOnScreen } from "./on-screen.ts";

testOnScreen(
  "N01 U01 the matrix says who may do what, in words too, and each policy its owner",
  {},
  async ({ page, origin }) => {
    await page.goto(`${origin}/policies`);
    const row = page.getByRole("row", { name: /exhibit:open/ });
    await row.waitFor();
    const cells = await row.getByRole("cell").allInnerTexts();
    assert.equal(cells.length, 6);
    assert.match(cells[2] ?? "", /with a stated purpose/);
    assert.match(cells[3] ?? "", /may not/);
    await page.getByText("What is about a person opens for a stated purpose").click();
    await page.getByText(/unless \{ context has purpose \}/).waitFor();
    await page
      .getByText(/data protection officer/)
      .first()
      .waitFor();
  },
);
