import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Ago } from "../design/time.tsx";
import { wayWords, type SessionView } from "./people-shapes.ts";

export function SessionList(props: {
  readonly sessions: readonly SessionView[];
  readonly busy: string | null; // the session that is being ended
  readonly onEnd: (id: string) => void;
}) {
  if (props.sessions.length === 0) return <p className="text-sm text-ink-muted">Nowhere at this moment.</p>;
  return (
    <ul className="grid gap-1">
      {props.sessions.map(({ id, client, way, activeAt, mine }) => (
        <li key={id} className="flex flex-wrap items-center justify-between gap-2 text-sm">
          <span>
            <span className="font-medium">{client}</span>
            <span className="text-ink-muted">
              {" "}
              · {wayWords[way]} · active <Ago at={activeAt} />
            </span>
          </span>
          {mine ? (
            <Tag tone="good">this one</Tag>
          ) : (
            <Button look="quiet" busy={props.busy === id} onClick={() => props.onEnd(id)}>
              End<span className="sr-only"> the session {client}</span>
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
