/** The key that does the same. Hidden where there is no keyboard to press it on. */
export function KeyHint({ keys }: { readonly keys: string }) {
  return (
    <kbd
      aria-hidden="true"
      className="hidden min-w-5 rounded-xs border border-current/40 px-1 text-center font-mono text-2xs leading-4 font-medium md:pointer-fine:inline-block"
    >
      {keys}
    </kbd>
  );
}
