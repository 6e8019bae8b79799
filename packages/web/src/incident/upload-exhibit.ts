import { ApiProblem, readProblem, unreachableServer } from "../api/request.ts";

// Beyond this the browser would have to hold the whole file in memory to hash it; the server's digest then stands alone.
const hashedBytesMax = 128 * 1024 * 1024;

/** SHA-256 of the file as this device has it, in hex; null where the file is too large or the browser has no crypto (plain HTTP). */
export async function digestOnDevice(file: File): Promise<string | null> {
  if (file.size > hashedBytesMax || globalThis.crypto?.subtle === undefined) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends one file as an exhibit. XMLHttpRequest, because fetch does not tell how much of a body has left. Throws `ApiProblem`. */
export function uploadExhibit(input: {
  readonly incidentId: string;
  readonly file: File;
  readonly device: string; // a camera of the site, `none`, or empty while nobody said
  readonly onProgress: (share: number) => void;
}): Promise<{ readonly id: string }> {
  const { incidentId, file, device, onProgress } = input;
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", `/api/v1/incidents/${encodeURIComponent(incidentId)}/exhibits`);
    call.upload.addEventListener("progress", (event) => onProgress(event.total === 0 ? 0 : event.loaded / event.total));
    call.addEventListener("error", () => reject(new ApiProblem(unreachableServer)));
    call.addEventListener("load", () => {
      const answer = parsed(call.responseText);
      if (call.status === 201 && isWithId(answer)) resolve(answer);
      else reject(new ApiProblem(readProblem(answer, call.status)));
    });
    const form = new FormData();
    if (device !== "") form.append("device", device);
    form.append("file", file);
    call.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isWithId(answer: unknown): answer is { readonly id: string } {
  return typeof answer === "object" && answer !== null && "id" in answer && typeof answer.id === "string";
}
