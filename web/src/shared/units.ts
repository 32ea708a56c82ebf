// Units as people read them, and the standards that a value is held against.
import type { Layer, Words } from './types';

const SHOWN: Record<string, string> = {
  'ug/m3': 'µg/m³',
  'mg/m3': 'mg/m³',
  ppm: 'ppm',
  ppb: 'ppb',
  degC: '°C',
  C: '°C',
  percent: '%',
  'm/s': 'm/s',
  deg: '°',
  mm: 'mm',
  hPa: 'hPa',
  km2: 'km²',
  m2: 'm²',
  '1': '',
};

/** "ug/m3" -> "µg/m³"; unknown units are shown as they are. */
export function unitText(unit: string | null | undefined): string {
  if (!unit) return '';
  const square = /^\((.+)\)2$/.exec(unit)?.[1];
  if (square) return `(${unitText(square)})²`;
  return SHOWN[unit] ?? unit;
}

/** A standard that applies to hourly values, or the daily one where there is no hourly one. */
export interface Standard {
  value: number;
  label: Words;
}

const daily = { ko: '24시간 기준', en: '24-hour standard' };
const hourly = { ko: '1시간 기준', en: '1-hour standard' };

// Environmental standards for air, Enforcement Decree of the Framework Act on Environmental
// Policy, Annex 1 (환경정책기본법 시행령 별표 1).
const STANDARDS: Record<string, Standard & { unit: string }> = {
  pm25: { value: 35, unit: 'ug/m3', label: daily },
  pm10: { value: 100, unit: 'ug/m3', label: daily },
  o3: { value: 0.1, unit: 'ppm', label: hourly },
  no2: { value: 0.1, unit: 'ppm', label: hourly },
  so2: { value: 0.15, unit: 'ppm', label: hourly },
  co: { value: 25, unit: 'ppm', label: hourly },
};

/** Whether this layer shows how sure an estimate is, not the estimate. */
export function isSpread(layer: Layer): boolean {
  return /(variance|stderr|sd|uncertainty|spread|error)$/.test(layer.value);
}

function standardNamed(value: string) {
  const name = /^(pm25|pm10|o3|no2|so2|co)(_|$)/.exec(value)?.[1];
  return name ? STANDARDS[name] : undefined;
}

/** The standard of a canonical column such as "pm25_ugm3". */
export function standardFor(column: string): Standard | null {
  return standardNamed(column) ?? null;
}

/** The standard to draw into a layer's chart. */
export function standardOf(layer: Layer): Standard | null {
  if (isSpread(layer)) return null;
  const found = standardNamed(layer.value);
  return found && found.unit === layer.unit ? found : null;
}

/** Names of columns, the unit beside those that have one. */
export const withUnit = (unit: string, ...names: string[]): string[] =>
  names.map((name) => (unit ? `${name} (${unit})` : name));
