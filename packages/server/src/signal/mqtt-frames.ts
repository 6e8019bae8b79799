/** A packet may be larger than a signal: a camera system also publishes pictures, on topics that we do not take. */
export const packetBytesMax = 1024 * 1024;

/**
 * Watches the fixed headers of an MQTT byte stream (3.1.1, section 2.2), so that a packet that announces more than a limit is cut off
 * before it is buffered: the parser behind it would hold up to 256 MB.
 */
export class FrameGuard {
  #skip = 0; // bytes of the current packet still to come
  #state: "type" | "length" = "type";
  #length = 0;
  #digits = 0;

  /** False as soon as a packet is too long or its length is malformed; the connection MUST then be closed. */
  accept(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#state === "type") {
        this.#state = "length";
        this.#length = 0;
        this.#digits = 0;
        at++;
      } else {
        const byte = chunk[at++] ?? 0;
        this.#length += (byte & 0x7f) * 128 ** this.#digits++;
        if (this.#length > packetBytesMax || this.#digits > 4) return false;
        if (byte < 0x80) {
          this.#state = "type";
          this.#skip = this.#length;
        }
      }
    }
    return true;
  }
}
