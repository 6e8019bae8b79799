import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from "react";
import { useId } from "react";
import { cx } from "./cx.ts";

const control =
  "w-full rounded-sm border border-line-strong bg-surface px-2.5 text-sm text-ink placeholder:text-ink-muted " +
  "min-h-9 pointer-coarse:min-h-(--tap) aria-invalid:border-bad aria-invalid:border-2 disabled:opacity-60";

type Frame = {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null | undefined;
  readonly frameClass?: string;
  readonly quietLabel?: boolean; // true: the label is for screen readers; the control explains itself to the eye
};

function Framed(props: Frame & { readonly id: string; readonly children: ReactNode }) {
  const { id, label, hint, error, frameClass, quietLabel = false, children } = props;
  return (
    <div className={cx("grid min-w-0 grid-cols-1 content-start gap-1", frameClass)}>
      <label htmlFor={id} className={quietLabel ? "sr-only" : "text-sm font-medium"}>
        {label}
      </label>
      {children}
      {typeof error === "string" ? (
        <p id={`${id}-error`} className="text-sm font-medium text-bad">
          {error}
        </p>
      ) : hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-xs text-ink-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** Leaves out what was not given: the compiler tells absent from undefined. */
function frameOf(
  given: { readonly [Member in keyof Frame]: Frame[Member] | undefined } & { readonly label: string },
): Frame {
  const { label, hint, error, quietLabel, frameClass } = given;
  return {
    label,
    hint,
    error,
    ...(quietLabel === undefined ? {} : { quietLabel }),
    ...(frameClass === undefined ? {} : { frameClass }),
  };
}

function described(id: string, frame: Frame): { "aria-invalid"?: true; "aria-describedby"?: string } {
  if (typeof frame.error === "string") return { "aria-invalid": true, "aria-describedby": `${id}-error` };
  return frame.hint === undefined ? {} : { "aria-describedby": `${id}-hint` };
}

export function TextField(props: Frame & InputHTMLAttributes<HTMLInputElement>) {
  const { label, hint, error, quietLabel, frameClass, className, ...rest } = props;
  const ownId = useId();
  const id = rest.id ?? ownId;
  const frame = frameOf({ label, hint, error, quietLabel, frameClass });
  return (
    <Framed id={id} {...frame}>
      <input {...rest} {...described(id, frame)} id={id} className={cx(control, className)} />
    </Framed>
  );
}

export function TextArea(props: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { label, hint, error, quietLabel, frameClass, className, ...rest } = props;
  const ownId = useId();
  const id = rest.id ?? ownId;
  const frame = frameOf({ label, hint, error, quietLabel, frameClass });
  return (
    <Framed id={id} {...frame}>
      <textarea {...rest} {...described(id, frame)} id={id} className={cx(control, "py-2", className)} />
    </Framed>
  );
}

/** The platform's own list: it opens under the thumb on a phone, types ahead on a desk, and needs no style of its own. */
export function Select(props: Frame & SelectHTMLAttributes<HTMLSelectElement> & { readonly children: ReactNode }) {
  const { label, hint, error, quietLabel, frameClass, className, children, ...rest } = props;
  const ownId = useId();
  const id = rest.id ?? ownId;
  const frame = frameOf({ label, hint, error, quietLabel, frameClass });
  return (
    <Framed id={id} {...frame}>
      <select {...rest} {...described(id, frame)} id={id} className={cx(control, className)}>
        {children}
      </select>
    </Framed>
  );
}
