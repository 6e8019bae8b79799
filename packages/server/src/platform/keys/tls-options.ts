import type { TlsOptions } from "node:tls";
import type { CertificateAuthority } from "./certificate-authority.ts";
import type { ServerKeys } from "./server-keys.ts";

const handshakeMsMax = 20_000;

/**
 * Every client is asked for a certificate of ours, and none is turned away by the handshake for having none or a bad one: what was
 * shown is judged above, where it can be told why and put on the record. The handshake does prove that the client has the key.
 */
export function tlsOptions(keys: ServerKeys, authority: CertificateAuthority): TlsOptions {
  return {
    ...keys.current(),
    ca: authority.pem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    handshakeTimeout: handshakeMsMax,
  };
}
