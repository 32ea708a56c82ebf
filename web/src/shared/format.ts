// Numbers, sizes, dates and durations in the reader's language. Every figure shown passes here.
import { i18n, t } from './i18n/index.svelte';

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${i18n.locale}${JSON.stringify(options)}`;
  let found = made.get(key);
  if (!found) made.set(key, (found = new Intl.NumberFormat(i18n.locale, options)));
  return found as Intl.NumberFormat;
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${i18n.locale}${JSON.stringify(options)}`;
  let found = made.get(key);
  if (!found) made.set(key, (found = new Intl.DateTimeFormat(i18n.locale, options)));
  return found as Intl.DateTimeFormat;
}

/** A count: grouped, no decimals. */
export const count = (value: number): string =>
  numberFormat({ maximumFractionDigits: 0 }).format(value);

/** A measured value: three significant digits, or all digits of a large whole number. */
export function measured(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return numberFormat({ maximumFractionDigits: 0 }).format(value);
  if (size >= 100) return numberFormat({ maximumFractionDigits: 0 }).format(value);
  if (size >= 10) return numberFormat({ maximumFractionDigits: 1 }).format(value);
  return numberFormat({ maximumSignificantDigits: 3 }).format(value);
}

/** A distance, in metres where it is short. */
export function distance(km: number): string {
  return km < 1
    ? `${numberFormat({ maximumFractionDigits: 0 }).format(1000 * km)} m`
    : `${measured(km)} km`;
}

const WINDS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;

/** A direction in words and degrees: "SW 230°". */
export function heading(degrees: number): string {
  const wind = WINDS[Math.round((((degrees % 360) + 360) % 360) / 45) % 8] ?? 'n';
  return `${t(`compass.${wind}`)} ${bound(degrees)}°`;
}

/** A reading with the decimals of its instrument, so that a column of them can be compared. */
export function reading(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return numberFormat(options).format(value);
}

/** A value among others that span `span`: with decimals enough to tell a hundredth of it. */
export function among(value: number, span: number): string {
  const decimals = span > 0 ? Math.min(8, Math.max(0, Math.ceil(2 - Math.log10(span)))) : 8;
  return numberFormat({ maximumFractionDigits: decimals }).format(value);
}

/** A bound of a legend or an axis: as short as it can be. */
export const bound = (value: number): string =>
  numberFormat({ maximumSignificantDigits: 4 }).format(value);

export const share = (value: number): string =>
  numberFormat({ style: 'percent', maximumFractionDigits: value < 0.1 ? 1 : 0 }).format(value);

/** 1536 -> "1.5 kB". */
export function bytes(value: number): string {
  const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  let size = value;
  let step = 0;
  while (size >= 1000 && step < names.length - 1) {
    size /= 1000;
    step++;
  }
  return numberFormat({
    style: 'unit',
    unit: names[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: size < 10 && step > 0 ? 1 : 0,
  }).format(size);
}

export const seconds = (value: number): string =>
  numberFormat({
    style: 'unit',
    unit: 'second',
    unitDisplay: 'narrow',
    maximumFractionDigits: value < 10 ? 2 : 0,
  }).format(value);

/**
 * The lab's wall clock as a Date whose UTC parts are the clock's: "2020-02-01T01:00:00+09:00" is
 * shown as one o'clock wherever the reader sits.
 */
export function wallClock(time: string): Date {
  return new Date(`${time.slice(0, 19)}${time.length > 10 ? '' : 'T00:00:00'}Z`);
}

/** The wall clock as the address holds it: "2020-02-01T01:00". */
export const clockKey = (time: string): string => time.slice(0, 16);

function shown(time: string, options: Intl.DateTimeFormatOptions): string {
  const date = wallClock(time);
  if (Number.isNaN(date.getTime())) return time;
  return dateFormat({ ...options, timeZone: 'UTC' }).format(date);
}

export const dateTime = (time: string): string =>
  shown(time, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });

export const shortDateTime = (time: string): string =>
  shown(time, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });

export const date = (time: string): string =>
  shown(time, { year: 'numeric', month: 'short', day: 'numeric' });

/** Degrees with the figures that a city map needs. */
export const degrees = (value: number): string =>
  numberFormat({ minimumFractionDigits: 4, maximumFractionDigits: 4 }).format(value);
