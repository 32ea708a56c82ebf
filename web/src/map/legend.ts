// From values to classes and colours.
import type { LegendClass } from '../shared/types';

export type Rgb = [number, number, number];

/** Index of the class of a value: the first whose upper end it does not pass; -1 when missing. */
export function classOf(legend: LegendClass[], value: number | null | undefined): number {
  if (value === null || value === undefined || Number.isNaN(value)) return -1;
  for (let i = 0; i < legend.length; i++) {
    const max = legend[i]?.max;
    if (max === null || max === undefined || value <= max) return i;
  }
  return legend.length - 1;
}

export function rgbOf(colour: string): Rgb {
  const hex = colour.replace('#', '');
  const long = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  const bits = Number.parseInt(long.slice(0, 6), 16);
  return [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255];
}

/** Lower and upper end of a class; null where it is open. */
export function rangeOf(legend: LegendClass[], index: number): [number | null, number | null] {
  return [index > 0 ? (legend[index - 1]?.max ?? null) : null, legend[index]?.max ?? null];
}

/** How much of its neighbour's colour a class takes at its end, at most: it stays told apart. */
const SHADE = 0.3;

/** Where a value lies in its class, 0 to 1; an open class is as wide as the one before it. */
function placeIn(legend: LegendClass[], index: number, value: number): number {
  const [low, high] = rangeOf(legend, index);
  if (high === null) {
    const before = rangeOf(legend, index - 1)[0] ?? 0;
    return Math.min(1, (value - (low ?? 0)) / ((low ?? 0) - before || 1));
  }
  return Math.max(0, (value - (low ?? 0)) / (high - (low ?? 0) || 1));
}

/**
 * A function from value to colour. By classes, each class has one colour; smoothly, a class is
 * shaded towards the classes beside it but keeps its own colour foremost, so that its limits are
 * seen as steps.
 */
export function colouring(legend: LegendClass[], isSmooth: boolean): (value: number) => Rgb | null {
  const colours = legend.map((one) => rgbOf(one.colour));
  if (!isSmooth || legend.length < 2) {
    return (value) => colours[classOf(legend, value)] ?? null;
  }
  return (value) => {
    const index = classOf(legend, value);
    const own = colours[index];
    if (!own) return null;
    const off = placeIn(legend, index, value) - 0.5;
    const other = colours[index + (off < 0 ? -1 : 1)] ?? own;
    const part = 2 * SHADE * Math.abs(off);
    return [0, 1, 2].map((c) =>
      Math.round((own[c] ?? 0) + part * ((other[c] ?? 0) - (own[c] ?? 0))),
    ) as Rgb;
  };
}

export const cssColour = (rgb: Rgb | null): string =>
  rgb ? `rgb(${rgb[0]},${rgb[1]},${rgb[2]})` : 'rgba(0,0,0,0)';

/** Black or white, whichever reads better on a colour. */
export function inkOn(colour: string): string {
  const light = rgbOf(colour).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * (light[0] ?? 0) + 0.7152 * (light[1] ?? 0) + 0.0722 * (light[2] ?? 0);
  return luminance > 0.179 ? '#000000' : '#ffffff';
}
