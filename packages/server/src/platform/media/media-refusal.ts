import { refused, type Result } from "@tillwatch/wire";

/** Why a picture or clip cannot be made anew here. */
export type MediaRefusal = {
  readonly code:
    "media_tool_missing" | "media_unsupported" | "media_damaged" | "media_too_large" | "media_took_too_long";
  readonly says: string;
};

export function mediaRefused(code: MediaRefusal["code"], says: string): Result<never, MediaRefusal> {
  return refused({ code, says });
}

/** The same inside of a stream, where a refusal cannot be a value. */
export class MediaFault extends Error {
  override readonly name = "MediaFault";
  readonly refusal: MediaRefusal;

  constructor(refusal: MediaRefusal) {
    super(refusal.says);
    this.refusal = refusal;
  }
}

/** How a program that was given strange bytes is run: nothing of our environment, and an end. */
export type MediaLimits = {
  readonly pixelsMax: number;
  readonly bytesMax: number;
  readonly clipSecondsMax: number;
  readonly runMsMax: number;
};

export const mediaLimits: MediaLimits = {
  pixelsMax: 64_000_000,
  bytesMax: 2 ** 36,
  clipSecondsMax: 24 * 3600,
  runMsMax: 30 * 60_000,
};
