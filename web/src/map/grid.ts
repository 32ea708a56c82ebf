// Grids: painting one into a canvas, and finding the cell under a place.
import type { Layer, LonLat } from '../shared/types';
import { beyondRim, isOfLand, type LandMask } from './land';
import { colouring } from './legend';

type Grid = NonNullable<Layer['grid']>;

/** Pixels on the longer side of a grid's picture: the land's rim is drawn as fine as this. */
const FINE = 1536;

/** Pixels a cell of the picture of a grid. */
export const scaleOf = (grid: Grid): number =>
  Math.max(1, Math.min(32, Math.floor(FINE / Math.max(grid.columns, grid.rows))));

const cells = document.createElement('canvas');

/**
 * Paints values (row 0 is the north) into a canvas of `scaleOf` pixels a cell. With a mask, a grid
 * of the land is drawn up to its rim, and not as steps across it or as a sheet beyond it.
 */
export function paintGrid(
  canvas: HTMLCanvasElement,
  layer: Layer,
  values: Float32Array,
  isSmooth: boolean,
  mask: LandMask | null,
): void {
  const grid = layer.grid;
  cells.width = grid?.columns ?? 1;
  cells.height = grid?.rows ?? 1;
  const small = cells.getContext('2d');
  const context = canvas.getContext('2d');
  if (!grid || !small || !context) return;
  const isCut = mask !== null && isOfLand(values, mask.isLand);
  const shown = isCut ? beyondRim(grid, values, mask.isLand) : values;
  const colour = colouring(layer.legend, isSmooth);
  const image = small.createImageData(grid.columns, grid.rows);
  for (let i = 0; i < grid.columns * grid.rows; i++) {
    const rgb = colour(shown[i] ?? NaN);
    if (!rgb) continue;
    image.data.set(rgb, 4 * i);
    image.data[4 * i + 3] = 255;
  }
  small.putImageData(image, 0, 0);
  context.globalCompositeOperation = 'copy';
  context.imageSmoothingEnabled = isSmooth;
  context.drawImage(cells, 0, 0, canvas.width, canvas.height);
  if (!isCut) return;
  context.globalCompositeOperation = 'destination-in';
  context.drawImage(mask.picture, 0, 0);
}

/**
 * Where a place lies in the grid, as column and row counted from the north-west corner (0..1
 * each), by inverting the bilinear map of the four corners. Beyond 0..1 outside; NaN if the
 * corners are no grid.
 */
function partsOf(grid: Grid, lon: number, lat: number): [number, number] {
  const [nw, ne, se, sw] = grid.corners;
  let u = 0.5;
  let v = 0.5;
  for (let step = 0; step < 12; step++) {
    const at = cornerPoint(grid, u, v);
    const dx = lon - at[0];
    const dy = lat - at[1];
    if (Math.abs(dx) + Math.abs(dy) < 1e-12) break;
    const du: LonLat = [
      (1 - v) * (ne[0] - nw[0]) + v * (se[0] - sw[0]),
      (1 - v) * (ne[1] - nw[1]) + v * (se[1] - sw[1]),
    ];
    const dv: LonLat = [
      (1 - u) * (sw[0] - nw[0]) + u * (se[0] - ne[0]),
      (1 - u) * (sw[1] - nw[1]) + u * (se[1] - ne[1]),
    ];
    const determinant = du[0] * dv[1] - du[1] * dv[0];
    if (determinant === 0) return [NaN, NaN];
    u += (dx * dv[1] - dy * dv[0]) / determinant;
    v += (dy * du[0] - dx * du[1]) / determinant;
  }
  return [u, v];
}

/** Where a place lies, in columns and rows from the north-west corner. */
export function cellPlace(grid: Grid, lon: number, lat: number): [number, number] {
  const [u, v] = partsOf(grid, lon, lat);
  return [u * grid.columns, v * grid.rows];
}

function cornerPoint(grid: Grid, u: number, v: number): LonLat {
  const [nw, ne, se, sw] = grid.corners;
  const mix = (i: 0 | 1) =>
    (1 - v) * ((1 - u) * nw[i] + u * ne[i]) + v * ((1 - u) * sw[i] + u * se[i]);
  return [mix(0), mix(1)];
}

/** Index of the cell at a place; -1 outside the grid. */
export function cellAt(grid: Grid, lon: number, lat: number): number {
  const [u, v] = partsOf(grid, lon, lat);
  if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) return -1;
  return Math.floor(v * grid.rows) * grid.columns + Math.floor(u * grid.columns);
}

/** Middle of a cell. */
export function cellMiddle(grid: Grid, cell: number): LonLat {
  const column = cell % grid.columns;
  const row = Math.floor(cell / grid.columns);
  return cornerPoint(grid, (column + 0.5) / grid.columns, (row + 0.5) / grid.rows);
}

/** The four corners of a cell as a closed ring. */
export function cellRing(grid: Grid, cell: number): LonLat[] {
  const column = cell % grid.columns;
  const row = Math.floor(cell / grid.columns);
  const corner = (i: number, j: number) =>
    cornerPoint(grid, (column + i) / grid.columns, (row + j) / grid.rows);
  return [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)];
}
