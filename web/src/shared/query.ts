// Rows of a dataset by conditions. All of it goes through the lab's SQL, which decides what the
// reader may see; nothing here is trusted.
import { ApiError, api } from './api';
import type { Cell } from './types';

export type Row = Record<string, Cell>;

/** A name as SQL: "a""b". */
export const named = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A value as SQL. */
export const valued = (value: string | number | null): string =>
  value === null
    ? 'NULL'
    : typeof value === 'number'
      ? String(value)
      : `'${value.replaceAll("'", "''")}'`;

/** More rows than this are refused: no page draws them. */
const MOST_ROWS = 60_000;

export interface Question {
  /** "seoul/air-polar" */
  from: string;
  /** Columns or expressions; all columns when left out. */
  select?: string[];
  where?: Record<string, string | number>;
  /** Further conditions, as SQL. */
  also?: string[];
  groupBy?: string[];
  orderBy?: string[];
  limit?: number;
}

/** The question as SQL. */
export function sqlOf(ask: Question): string {
  const where = [
    ...Object.entries(ask.where ?? {}).map(([name, value]) => `${named(name)} = ${valued(value)}`),
    ...(ask.also ?? []),
  ];
  return [
    `SELECT ${ask.select?.join(', ') ?? '*'}`,
    `FROM ${named(ask.from)}`,
    where.length ? `WHERE ${where.join(' AND ')}` : '',
    ask.groupBy?.length ? `GROUP BY ${ask.groupBy.join(', ')}` : '',
    ask.orderBy?.length ? `ORDER BY ${ask.orderBy.join(', ')}` : '',
    ask.limit ? `LIMIT ${ask.limit}` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** The catalogue is asked again after so long: a study may have run meanwhile. */
const FRESH_MS = 10_000;
let catalogue: Promise<Set<string>> | null = null;
let askedAt = 0;

/** Whether the catalogue has a dataset that the reader may see. */
export async function isThere(reference: string): Promise<boolean> {
  const now = Date.now();
  if (!catalogue || now - askedAt > FRESH_MS) {
    askedAt = now;
    catalogue = api.datasets().then((all) => new Set(all.map((one) => one.reference)));
    catalogue.catch(() => (catalogue = null));
  }
  return (await catalogue).has(reference);
}

/** The rows; none where the dataset is not there (a study has not been run yet). */
export async function query(ask: Question): Promise<Row[]> {
  if (!(await isThere(ask.from))) return [];
  try {
    const reply = await api.sql(sqlOf(ask), MOST_ROWS);
    const names = reply.columns.map((one) => (typeof one === 'string' ? one : one.name));
    return reply.rows.map((row) =>
      Object.fromEntries(names.map((name, k) => [name, row[k] ?? null])),
    );
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return [];
    throw problem;
  }
}

export const numberOf = (value: Cell | undefined): number | null =>
  typeof value === 'number' ? value : null;
export const textOf = (value: Cell | undefined): string =>
  value === null || value === undefined ? '' : String(value);
