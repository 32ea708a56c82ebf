// The city's land: its polygons, and which part of a grid lies on it.
import { api } from '../shared/api';
import type { Layer, LonLat } from '../shared/types';
import { cellPlace } from './grid';

type Grid = NonNullable<Layer['grid']>;
/** An outer ring and its holes. */
type Polygon = LonLat[][];

const kept = new Map<string, Promise<GeoJSON.Feature[]>>();

/** The features of a collection of areas; asked for once, and again if that failed. */
export function landOf(collection: string): Promise<GeoJSON.Feature[]> {
  let asked = kept.get(collection);
  if (!asked) {
    asked = api.items(collection, 20000);
    asked.catch(() => kept.delete(collection));
    kept.set(collection, asked);
  }
  return asked;
}

export function polygonsOf(features: GeoJSON.Feature[]): Polygon[] {
  return features.flatMap(({ geometry }) => {
    if (geometry?.type === 'Polygon') return [geometry.coordinates as Polygon];
    if (geometry?.type === 'MultiPolygon') return geometry.coordinates as Polygon[];
    return [];
  });
}

export interface LandMask {
  /** Opaque where there is land; as many pixels a cell as the picture of the grid. */
  picture: HTMLCanvasElement;
  /** Per cell: whether its middle lies on land. */
  isLand: Uint8Array;
}

/** The land under a grid, in `scale` pixels a cell; null where the grid meets none. */
export function landMask(grid: Grid, polygons: Polygon[], scale: number): LandMask | null {
  const picture = document.createElement('canvas');
  picture.width = grid.columns * scale;
  picture.height = grid.rows * scale;
  const context = picture.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  context.lineWidth = 1; // closes the seams between neighbours
  for (const polygon of polygons) {
    context.beginPath();
    for (const ring of polygon) {
      ring.forEach(([lon, lat], i) => {
        const [u, v] = cellPlace(grid, lon, lat);
        if (i === 0) context.moveTo(u * scale, v * scale);
        else context.lineTo(u * scale, v * scale);
      });
      context.closePath();
    }
    context.fill('evenodd');
    context.stroke();
  }
  const pixels = context.getImageData(0, 0, picture.width, picture.height).data;
  const isLand = new Uint8Array(grid.columns * grid.rows);
  const half = Math.floor(scale / 2);
  let n = 0;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const at = (row * scale + half) * picture.width + column * scale + half;
      const is = (pixels[4 * at + 3] ?? 0) > 127 ? 1 : 0;
      isLand[row * grid.columns + column] = is;
      n += is;
    }
  }
  return n > 0 ? { picture, isLand } : null;
}

/** Calls for each of the up to eight cells around one. */
function around(grid: Grid, cell: number, use: (other: number) => void): void {
  const column = cell % grid.columns;
  const row = Math.floor(cell / grid.columns);
  for (let r = Math.max(0, row - 1); r <= Math.min(grid.rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(grid.columns - 1, column + 1); c++) {
      const other = r * grid.columns + c;
      if (other !== cell) use(other);
    }
  }
}

/** Whether a grid is about the land: most of what it knows lies there. */
export function isOfLand(values: Float32Array, isLand: Uint8Array): boolean {
  let [known, on] = [0, 0];
  for (let cell = 0; cell < isLand.length; cell++) {
    if (Number.isNaN(values[cell] ?? NaN)) continue;
    known++;
    on += isLand[cell] ?? 0;
  }
  return 2 * on >= known;
}

/**
 * The values with the cells beside the land filled in from those next to them, two cells deep:
 * the land's rim crosses cells, and what is drawn there is cut along it afterwards. A cell on
 * land that has no value keeps none.
 */
export function beyondRim(grid: Grid, values: Float32Array, isLand: Uint8Array): Float32Array {
  let filled = values;
  for (let pass = 0; pass < 2; pass++) {
    const before = filled;
    filled = before.slice();
    for (let cell = 0; cell < isLand.length; cell++) {
      if (isLand[cell] || !Number.isNaN(before[cell] ?? NaN)) continue;
      let [sum, n] = [0, 0];
      around(grid, cell, (other) => {
        const value = before[other] ?? NaN;
        if (Number.isNaN(value)) return;
        sum += value;
        n++;
      });
      if (n > 0) filled[cell] = sum / n;
    }
  }
  return filled;
}
