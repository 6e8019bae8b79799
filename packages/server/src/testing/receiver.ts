import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { readonly type: string; readonly data: Readonly<Record<string, string>> };

/** A receiver of webhooks on loopback, as another house would run one: what it was told, in order. Who starts it closes it. */
export async function receiver(): Promise<{
  readonly url: string;
  readonly told: Received[];
  readonly close: () => Promise<void>;
}> {
  const told: Received[] = [];
  const listening = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString("utf8")));
    request.on("end", () => {
      told.push(JSON.parse(body) as Received);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void listening.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/hook`, told, close };
}
