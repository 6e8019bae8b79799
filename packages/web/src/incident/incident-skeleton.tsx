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
        <div className="grid gap-x-6 gap-y-4 md:grid-cols-[auto_minmax(0,1fr)] xl:grid-cols-[auto_minmax(0,1fr)_20rem]">
          <Skeleton className="h-13.5 w-28" />
          <div className="grid gap-1.5">
            <Skeleton className="h-5.5 w-56" />
            <Skeleton className="h-7 w-3/4" />
            <Skeleton className="h-4 w-1/2" />
          </div>
          <Skeleton className="h-11 max-xl:col-span-full md:max-xl:max-w-md" />
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
