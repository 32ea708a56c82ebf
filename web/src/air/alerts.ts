// Advisories and warnings: where a page finds them, and what it says of each.
import { api } from '../shared/api';
import { wallClock } from '../shared/format';
import { numberOf, query, textOf, type Row } from '../shared/query';
import type { Alert, AlertHook, AlertLevel, AlertWatch } from '../shared/types';

/** The levels, from the mildest on, in colours that are told apart in both themes. */
export const LEVELS: { level: AlertLevel; colour: string }[] = [
  { level: 'advisory', colour: '#d98a00' },
  { level: 'warning', colour: '#d63d4a' },
  { level: 'grave-warning', colour: '#9350c7' },
];
export const rankOf = (level: AlertLevel): number => LEVELS.findIndex((one) => one.level === level);
export const colourOf = (level: AlertLevel): string =>
  LEVELS.find((one) => one.level === level)?.colour ?? '#808080';

/** An alert as the page shows it, whether it was watched for or computed by a study. */
export interface AlertLine {
  key: string;
  /** The watch; empty where a study computed it. */
  watch: string;
  zone: string;
  pollutant: string;
  level: AlertLevel;
  issued: string;
  /** Null while it stands. */
  released: string | null;
  endedBy: string;
  peak: number | null;
  peakTime: string;
  rule: string;
  /** Hours it stood, so far where it stands. */
  hours: number;
  /** Webhooks that it did not reach, and why. */
  undelivered: { webhook: string; why: string }[];
}

export interface AlertHistory {
  /** Newest first. */
  lines: AlertLine[];
  watches: AlertWatch[];
  hooks: AlertHook[];
  /** The dataset of a study that the lines come from; null where the lab watches. */
  dataset: string | null;
  /** There may be more than the server gave. */
  isCut: boolean;
}

const MOST = 1000;
const HOUR_MS = 3_600_000;

const hoursBetween = (from: string, to: string): number =>
  Math.max(0, Math.round((wallClock(to).getTime() - wallClock(from).getTime()) / HOUR_MS));

/** One of the three levels; a word that is none of them counts as the mildest. */
const levelOf = (word: string): AlertLevel =>
  LEVELS.find((one) => one.level === word)?.level ?? 'advisory';

/** When a line ended, or as far as it is known to reach: to be seen, an hour at least. */
export function endOf(line: AlertLine): Date {
  if (line.released) return wallClock(line.released);
  return new Date(wallClock(line.issued).getTime() + Math.max(1, line.hours) * HOUR_MS);
}

function lineOf(alert: Alert, watches: AlertWatch[]): AlertLine {
  const until =
    watches.find((one) => one.name === alert.watch)?.until ?? alert.peak_time ?? alert.issued;
  return {
    key: String(alert.id),
    watch: alert.watch,
    zone: alert.zone,
    pollutant: alert.pollutant,
    level: alert.level,
    issued: alert.issued,
    released: alert.released,
    endedBy: alert.ended_by,
    peak: alert.peak,
    peakTime: alert.peak_time ?? '',
    rule: alert.rule,
    hours: hoursBetween(alert.issued, alert.released ?? until),
    undelivered: alert.undelivered ?? [],
  };
}

function rowLine(row: Row): AlertLine {
  const issued = textOf(row['issued']);
  const released = textOf(row['released']) || null;
  const [zone, pollutant, level] = ['zone', 'pollutant', 'level'].map((name) => textOf(row[name]));
  return {
    key: `${zone} ${pollutant} ${level} ${issued}`,
    watch: '',
    zone: zone ?? '',
    pollutant: pollutant ?? '',
    level: levelOf(level ?? ''),
    issued,
    released,
    endedBy: textOf(row['ended_by']),
    peak: numberOf(row['peak']),
    peakTime: textOf(row['peak_time']),
    rule: textOf(row['rule']),
    hours: numberOf(row['hours']) ?? (released ? hoursBetween(issued, released) : 0),
    undelivered: [],
  };
}

/** Where a study leaves the alerts of an organisation. */
export const studyDataset = (organisation: string): string => `${organisation}/air-alerts`;

/** The alerts of an organisation: those watched for, or else those that a study computed. */
export async function historyOf(organisation: string): Promise<AlertHistory> {
  const isOurs = (reference: string) => reference.startsWith(`${organisation}/`);
  const { alerts, watches, webhooks: hooks = [] } = await api.alerts(MOST);
  const ours = watches.filter((one) => isOurs(one.dataset));
  const lines = alerts.filter((one) => isOurs(one.dataset)).map((one) => lineOf(one, ours));
  if (ours.length || lines.length) {
    return { lines, watches: ours, hooks, dataset: null, isCut: alerts.length >= MOST };
  }
  const dataset = studyDataset(organisation);
  const has = (await api.datasets()).some((one) => one.reference === dataset);
  const rows = has ? await query({ from: dataset, orderBy: ['issued DESC'] }) : [];
  return {
    lines: rows.map(rowLine),
    watches: [],
    hooks: [],
    dataset: has ? dataset : null,
    isCut: false,
  };
}

/**
 * Calls `change` when alerts of the organisation changed: told by the server, or when its events
 * come through again after they did not. Returns what ends it.
 */
export function watchAlerts(organisation: string, change: () => void): () => void {
  const events = new EventSource(api.eventsUrl);
  const read = (event: Event) => JSON.parse((event as MessageEvent<string>).data) as unknown;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;
  // Alerts of several zones come together: one question for all of them.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(change, 200);
  };
  events.addEventListener('alert', (event) => {
    const { alert } = read(event) as { alert: Alert };
    if (alert.dataset.startsWith(`${organisation}/`)) soon();
  });
  events.addEventListener('version', (event) => {
    const { reference } = read(event) as { reference: string };
    if (reference.split('@')[0] === studyDataset(organisation)) soon();
  });
  events.addEventListener('open', () => {
    if (wasOpen) soon();
    wasOpen = true;
  });
  return () => {
    clearTimeout(timer);
    events.close();
  };
}
