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

/**
 * A function from value to colour. By classes, each class has one colour; smoothly, colours run
 * from the middle of one class to the middle of the next.
 */
export function colouring(legend: LegendClass[], isSmooth: boolean): (value: number) => Rgb | null {
  const colours = legend.map((one) => rgbOf(one.colour));
  if (!isSmooth || legend.length < 2) {
    return (value) => colours[classOf(legend, value)] ?? null;
  }
  const middles = legend.map((one, i) => {
    const [low, high] = rangeOf(legend, i);
    const width = (high ?? 0) - (low ?? 0);
    if (high === null) {
      // The open class takes the width of the one before it.
      const [before] = rangeOf(legend, i - 1);
      return (low ?? 0) + ((low ?? 0) - (before ?? 0)) / 2;
    }
    return one.max === null ? 0 : high - width / 2;
  });
  return (value) => {
    if (Number.isNaN(value)) return null;
    let i = 0;
    while (i < middles.length - 1 && value > (middles[i + 1] ?? Infinity)) i++;
    const from = colours[i];
    const to = colours[Math.min(i + 1, colours.length - 1)];
    if (!from || !to) return null;
    const low = middles[i] ?? 0;
    const high = middles[i + 1] ?? low + 1;
    const part = Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
    return [0, 1, 2].map((c) =>
      Math.round((from[c] ?? 0) + part * ((to[c] ?? 0) - (from[c] ?? 0))),
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
