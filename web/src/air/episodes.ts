// Episodes: runs of hours in which the city's mean is above the standard.

export interface Hour {
  time: string;
  /** Population-weighted mean of the city. */
  value: number | null;
  /** People where the standard is exceeded. */
  people: number | null;
}

export interface Episode {
  from: string;
  to: string;
  hours: number;
  peak: number;
  peakTime: string;
  mean: number;
  /** Most people above the standard in one hour. */
  people: number;
}

/** Gaps of so many hours do not end an episode; shorter episodes are not told. */
const GAP = 3;
const SHORTEST = 3;

function episodeOf(hours: Hour[]): Episode {
  const known = hours.filter((one) => one.value !== null);
  const peak = known.reduce((best, one) => ((one.value ?? 0) > (best.value ?? 0) ? one : best));
  return {
    from: hours[0]?.time ?? '',
    to: hours.at(-1)?.time ?? '',
    hours: hours.length,
    peak: peak.value ?? 0,
    peakTime: peak.time,
    mean: known.reduce((sum, one) => sum + (one.value ?? 0), 0) / known.length,
    people: Math.max(...known.map((one) => one.people ?? 0)),
  };
}

/** Episodes above a threshold, the highest peak first. */
export function episodesOf(hours: Hour[], threshold: number): Episode[] {
  const isHigh = (one: Hour) => one.value !== null && one.value > threshold;
  const found: Episode[] = [];
  let first = -1;
  let last = -1;
  const close = () => {
    if (first >= 0 && last - first + 1 >= SHORTEST) {
      found.push(episodeOf(hours.slice(first, last + 1)));
    }
    first = -1;
  };
  hours.forEach((one, i) => {
    if (!isHigh(one)) return;
    if (first >= 0 && i - last > GAP) close();
    if (first < 0) first = i;
    last = i;
  });
  close();
  return found.sort((a, b) => b.peak - a.peak);
}
