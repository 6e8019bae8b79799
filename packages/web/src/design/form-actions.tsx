import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cx } from "./cx.ts";

/** The end of a form: the way out on the left, what it does on the right, busy while it does. */
export function FormActions(props: {
  readonly onCancel: () => void;
  readonly cancel?: string;
  readonly busy: boolean;
  readonly disabled?: boolean;
  readonly look?: "primary" | "danger";
  readonly className?: string;
  readonly children: ReactNode; // the verb
}) {
  const { onCancel, cancel = "Cancel", busy, disabled = false, look = "primary", className, children } = props;
  return (
    <div className={cx("flex justify-end gap-2", className)}>
      <Button look="quiet" onClick={onCancel}>
        {cancel}
      </Button>
      <Button type="submit" look={look} busy={busy} disabled={disabled}>
        {children}
      </Button>
    </div>
  );
}
