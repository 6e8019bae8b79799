import { Card } from "../design/card.tsx";
import { Skeleton, SkeletonLines } from "../design/skeleton.tsx";

/** The frame of the incident page before the record is there: header, verdict row, first section, each in its place. */
export function IncidentSkeleton() {
  return (
    <div>
      <title>Incident · Tillwatch</title>
      <output className="sr-only">Loading the incident</output>
      <div aria-hidden="true" className="pt-4 md:pt-6">
        <Skeleton className="mb-3 h-9 w-24" />
        <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 xl:grid-cols-[auto_minmax(0,1fr)_auto]">
          <Skeleton className="h-13.5 w-32 md:row-span-2" />
          <Skeleton className="h-5.5 w-56 max-w-full self-center md:self-start" />
          <div className="grid gap-1.5 max-md:col-span-2 max-md:mt-2">
            <Skeleton className="h-7.5 w-3/4" />
            <Skeleton className="h-5 w-1/2" />
          </div>
          <Skeleton className="h-17 max-xl:col-span-2 max-xl:mt-3 md:max-xl:max-w-md xl:col-start-3 xl:row-span-2 xl:row-start-1 xl:w-80" />
        </div>
      </div>
      <div className="mt-4 grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div>
          <Skeleton className="mb-4 h-10.25 w-full" />
          <Card title="How the score came about" flush>
            <SkeletonLines lines={12} says="" />
          </Card>
        </div>
        <div className="max-xl:hidden">
          <Card title="State" flush>
            <SkeletonLines lines={6} says="" />
          </Card>
        </div>
      </div>
    </div>
  );
}
