import { useQuery } from "@tanstack/react-query";
import { maskableIn, sensitiveWordsIn, type MaskedKind, type SensitiveWord } from "@tillwatch/wire";
import { EyeOff, MessageCircleWarning } from "lucide-react";
import { TextArea } from "../design/field.tsx";
import { sensitiveWordsQuery } from "./privacy-queries.ts";

/** What of a text the server would challenge; nothing until its words are here: it then asks itself. */
export function useChallenge(text: string): readonly SensitiveWord[] {
  const words = useQuery(sensitiveWordsQuery);
  return words.data === undefined ? [] : sensitiveWordsIn(text, words.data);
}

export const keptReasonMin = 10;

const traitWords = {
  ethnicity: "where somebody seems to come from",
  religion: "a religion",
  orientation: "a sexual orientation",
} as const;

const maskedWords: Readonly<Record<MaskedKind, string>> = {
  card: "a card number",
  iban: "an account number",
  phone: "a telephone number",
  mail: "a mail address",
};

/**
 * Stands below a field for free text: says which numbers will not leave this device, and which words say what somebody is. The reporter
 * rephrases, or keeps the words with a reason.
 */
export function TextCheck(props: {
  readonly text: string;
  readonly keptBecause: string;
  readonly error?: string | undefined;
  readonly onKeptBecause: (because: string) => void;
}) {
  const found = useChallenge(props.text);
  const masked = [...new Set(maskableIn(props.text).map(({ kind }) => kind))];
  return (
    <div aria-live="polite" className="grid gap-2 empty:hidden">
      {masked.length === 0 ? null : (
        <p className="flex items-start gap-2 rounded-md bg-sunken px-3 py-2 text-sm">
          <EyeOff className="mt-0.5 size-4 shrink-0 text-ink-muted" aria-hidden="true" />
          <span>
            You wrote {masked.map((kind) => maskedWords[kind]).join(" and ")}. It is replaced before anything leaves
            this device.
          </span>
        </p>
      )}
      {found.length === 0 ? null : <Challenge {...props} found={found} />}
    </div>
  );
}

function Challenge(props: {
  readonly found: readonly SensitiveWord[];
  readonly keptBecause: string;
  readonly error?: string | undefined;
  readonly onKeptBecause: (because: string) => void;
}) {
  const words = [...new Map(props.found.map((one) => [one.word.toLowerCase(), one])).values()];
  return (
    <div className="grid gap-3 rounded-md border border-warn bg-warn-wash px-3 py-3 text-sm">
      <p className="flex items-start gap-2 font-medium">
        <MessageCircleWarning className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
        Please say what was seen, not what somebody is
      </p>
      <ul className="grid gap-1">
        {words.map(({ word, trait }) => (
          <li key={word}>
            <q className="font-semibold">{word}</q> tells {traitWords[trait]}
          </li>
        ))}
      </ul>
      <p className="text-ink-soft">
        Such words do not help to recognise anybody and may hurt people who did nothing. Take them out: clothing,
        height, bags and conduct are better. If they matter, for example because the act was meant as an insult, keep
        them with a reason. The text is then marked, and never searched.
      </p>
      <TextArea
        label="Keep these words because (optional)"
        rows={2}
        value={props.keptBecause}
        onChange={(event) => props.onKeptBecause(event.target.value)}
        error={props.error}
      />
    </div>
  );
}
