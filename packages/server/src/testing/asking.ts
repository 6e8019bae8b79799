/** Asks a running server as somebody: a bearer token, or headers. */
export type Answer = {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>; // empty where the answer is no object
  readonly id: string; // of what was answered; empty: none
};
type Asked = { readonly method?: string; readonly body?: unknown };

export type Shown = string | Readonly<Record<string, string>>;

function headersOf(shown: Shown): Readonly<Record<string, string>> {
  return typeof shown === "string" ? { authorization: `Bearer ${shown}` } : shown;
}

/** With a body it is a POST, unless said otherwise. */
export function askedBy(url: string, shown: Shown) {
  return async (path: string, { body, method = body === undefined ? "GET" : "POST" }: Asked = {}): Promise<Answer> => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { ...headersOf(shown), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: answer.status, text, json, id: typeof json["id"] === "string" ? json["id"] : "" };
  };
}

export type Asking = ReturnType<typeof askedBy>;

/** An open event stream. `ended`: all that it said, once the server ended it. */
export async function eventStream(url: string, shown: Shown, lastEventId?: string) {
  const stop = new AbortController();
  const answer = await fetch(new URL("/api/v1/events", url), {
    headers: { ...headersOf(shown), ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
    signal: stop.signal,
  });
  if (answer.status !== 200) throw new Error(`the stream was answered ${answer.status}: ${await answer.text()}`);
  let said = "";
  const ended = (async () => {
    try {
      for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) said += text;
    } catch (fault) {
      if (!stop.signal.aborted) throw fault;
    }
    return said;
  })();
  return {
    ended,
    said: () => said,
    /** The incidents that were told of, and the id of the last event. */
    heard: () => ({
      ids: [...said.matchAll(/event: incident\ndata: \{"kind":"incident","id":"([^"]+)"/g)].map(
        (match) => match[1] ?? "",
      ),
      lastEventId: [...said.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? "",
    }),
    leave: async () => {
      stop.abort();
      await ended;
    },
  };
}
