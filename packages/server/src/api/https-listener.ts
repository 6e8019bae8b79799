import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TlsOptions } from "node:tls";
import type { FastifyInstance } from "fastify";

export type HttpsListener = {
  readonly url: string;
  /** New key and certificate for connections from now on. */
  readonly renew: (options: TlsOptions) => void;
  readonly close: () => Promise<void>;
};

const headersMsMax = 30_000;
const closingMsMax = 1_000;

/** The same routes over TLS. Rejects with what the system says when the address is taken. */
export async function listenHttps(
  app: FastifyInstance,
  given: { readonly host: string; readonly port: number; readonly tls: TlsOptions },
): Promise<HttpsListener> {
  const { host, port, tls } = given;
  const server = createServer({ ...tls, requestTimeout: 0, headersTimeout: headersMsMax }, (request, response) => {
    app.routing(request, response);
  });
  // As over plain HTTP, where fastify asks the same.
  for (const listener of app.server.listeners("clientError")) {
    server.on("clientError", listener);
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    renew: (options) => server.setSecureContext(options),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Streams of events would stay open for ever.
      const timer = setTimeout(() => server.closeAllConnections(), closingMsMax);
      await closed;
      clearTimeout(timer);
    },
  };
}
