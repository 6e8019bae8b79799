import { Button } from "./button.tsx";

/** What comes after the last line of a list that is fetched page by page; nothing where there is no more. */
export function ShowMore(props: {
  readonly pages: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
}) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = props.pages;
  return hasNextPage ? (
    <Button className="justify-self-center" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
      Show more
    </Button>
  ) : null;
}
