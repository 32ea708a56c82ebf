// When something happened, on the lab's clock.
import { session } from './session.svelte';

/** A moment with any offset ("…Z", "…+09:00") as the lab's wall clock: "2020-02-01T01:00:00+09:00". */
export function labTime(moment: string): string {
  const zone = session.me?.lab.zone ?? '+09:00';
  const found = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  const at = Date.parse(moment);
  if (!found || Number.isNaN(at)) return moment;
  const minutes = (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
  return new Date(at + minutes * 60_000).toISOString().slice(0, 19) + zone;
}
