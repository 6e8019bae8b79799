import type { ReactNode } from "react";
import { Select } from "./field.tsx";

export type Option = { readonly value: string; readonly label: string; readonly disabled?: boolean };

/** One of a list, which nobody chooses by accident: it begins with nothing chosen. `children`: what the list ends with. */
export function Choice(props: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChoose: (value: string) => void;
  readonly children?: ReactNode;
}) {
  const { label, hint, value, options, onChoose, children } = props;
  return (
    <Select label={label} hint={hint} required value={value} onChange={(event) => onChoose(event.target.value)}>
      <option value="">Choose one</option>
      {options.map((option) => (
        <option key={option.value} value={option.value} disabled={option.disabled}>
          {option.label}
        </option>
      ))}
      {children}
    </Select>
  );
}

/** The options of a list of words of the wire (`court_order`), in people's words. */
export function wordOptions(words: readonly string[], wordsOf: (word: string) => string): Option[] {
  return words.map((word) => ({ value: word, label: wordsOf(word) }));
}
