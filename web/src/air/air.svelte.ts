// What the pages on air share: the pollutants, the stations of an organisation, their legends.
import { api } from '../shared/api';
import type { Key } from '../shared/i18n/index.svelte';
import { numberOf, query, textOf } from '../shared/query';
import type { DatasetSummary, Layer, LegendClass } from '../shared/types';

export interface Pollutant {
  column: string;
  name: Key;
  unit: string;
  /** Decimals that instruments give. */
  decimals: number;
}

export const POLLUTANTS: Pollutant[] = [
  { column: 'pm25_ugm3', name: 'pollutant.pm25', unit: 'ug/m3', decimals: 0 },
  { column: 'pm10_ugm3', name: 'pollutant.pm10', unit: 'ug/m3', decimals: 0 },
  { column: 'o3_ppm', name: 'pollutant.o3', unit: 'ppm', decimals: 3 },
  { column: 'no2_ppm', name: 'pollutant.no2', unit: 'ppm', decimals: 3 },
  { column: 'co_ppm', name: 'pollutant.co', unit: 'ppm', decimals: 1 },
  { column: 'so2_ppm', name: 'pollutant.so2', unit: 'ppm', decimals: 3 },
];

export interface Station {
  id: string;
  name: string;
  kind: string;
  at: [number, number] | null;
}

/** Organisations that have both stations and hourly readings. */
export function organisationsOf(datasets: DatasetSummary[]): string[] {
  const has = (organisation: string, name: string) =>
    datasets.some((one) => one.reference === `${organisation}/${name}`);
  const all = [...new Set(datasets.map((one) => one.organisation))];
  return all.filter((one) => has(one, 'stations') && has(one, 'air-hourly'));
}

/** Names of a dataset's columns that the page can ask for. */
export async function stationsOf(organisation: string): Promise<Station[]> {
  const rows = await query({ from: `${organisation}/stations`, orderBy: ['station'] });
  return rows.map((row) => {
    const shape = row['geometry'] as unknown as { coordinates?: [number, number] } | null;
    return {
      id: textOf(row['station']),
      name: textOf(row['name']) || textOf(row['station']),
      kind: textOf(row['kind']),
      at: shape?.coordinates ?? null,
    };
  });
}

/** The dataset of readings to show: with quality flags where the study has been run. */
export function readingsOf(organisation: string, datasets: DatasetSummary[]): string {
  const checked = `${organisation}/air-qc`;
  return datasets.some((one) => one.reference === checked) ? checked : `${organisation}/air-hourly`;
}

/** The classes in which a value is shown: those of a layer of the same value. */
export function legendOf(layers: Layer[], organisation: string, column: string): LegendClass[] {
  const fits = (one: Layer) => one.value === column && one.organisation === organisation;
  return layers.find(fits)?.legend ?? [];
}

/** Everything the air pages begin with. */
export async function loadAir() {
  const [datasets, { layers }] = await Promise.all([api.datasets(), api.layers()]);
  return { datasets, layers };
}

export { numberOf, query, textOf };

/** A value of readings as SQL: nothing where quality control flagged it. */
export const passed = (from: string, column: string): string =>
  /\/(air-qc|air-history)$/.test(from)
    ? `CASE WHEN coalesce("${column}_flag", 0) = 0 THEN "${column}" END`
    : `"${column}"`;
