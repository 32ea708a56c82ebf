// Pieces of SVG pictures, and the colours of a scale.
import * as Plot from '@observablehq/plot';

const SVG = 'http://www.w3.org/2000/svg';

/** An SVG element with attributes and children. */
export function node<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
  children: (Node | string)[] = [],
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A picture of its own. */
export function picture(width: number, height: number, children: Node[]): SVGSVGElement {
  return node(
    'svg',
    {
      'data-main': '',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      style: 'font: 12px var(--font); color: inherit; overflow: visible',
    },
    children,
  );
}

/** A point of a compass: clockwise from north. */
export function onCircle(cx: number, cy: number, radius: number, degrees: number) {
  const angle = (degrees * Math.PI) / 180;
  return { x: cx + radius * Math.sin(angle), y: cy - radius * Math.cos(angle) };
}

/** A piece of a ring, from `inner` to `outer`, clockwise between two directions. */
export function sectorPath(
  cx: number,
  cy: number,
  inner: number,
  outer: number,
  from: number,
  to: number,
): string {
  const large = to - from > 180 ? 1 : 0;
  const at = (radius: number, degrees: number) => {
    const { x, y } = onCircle(cx, cy, radius, degrees);
    return `${x.toFixed(2)} ${y.toFixed(2)}`;
  };
  const out = outer.toFixed(2);
  const into = inner.toFixed(2);
  return inner > 0
    ? `M${at(inner, from)}L${at(outer, from)}A${out} ${out} 0 ${large} 1 ${at(outer, to)}` +
        `L${at(inner, to)}A${into} ${into} 0 ${large} 0 ${at(inner, from)}Z`
    : `M${cx} ${cy}L${at(outer, from)}A${out} ${out} 0 ${large} 1 ${at(outer, to)}Z`;
}

/** Colours of values between two bounds; the same on light and dark ground. */
export function colours(low: number, high: number, scheme: Plot.ColorScheme = 'turbo') {
  const span = high > low ? high : low + 1;
  const scale = Plot.scale({ color: { type: 'linear', domain: [low, span], scheme } });
  return (value: number): string => String(scale?.apply(Math.min(span, Math.max(low, value))));
}

/** Whole, half or fifth steps of ten: about `n` of them up to `top`. */
export function niceSteps(top: number, n: number): number[] {
  const rough = top / Math.max(1, n);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const steps: number[] = [];
  for (let at = step; at <= top * 1.0001; at += step) steps.push(Number(at.toPrecision(6)));
  return steps;
}

/** The key of a colour scale: a bar with its bounds. */
export function colourKey(
  x: number,
  y: number,
  width: number,
  colour: (value: number) => string,
  ticks: { value: number; text: string }[],
  title: string,
): SVGGElement {
  const [first, last] = [ticks[0]?.value ?? 0, ticks.at(-1)?.value ?? 1];
  const n = 40;
  const key = node('g', { transform: `translate(${x},${y})` });
  key.append(node('text', { x: 0, y: -6, fill: 'currentColor', 'font-weight': 600 }, [title]));
  for (let i = 0; i < n; i++) {
    const value = first + ((i + 0.5) / n) * (last - first);
    key.append(
      node('rect', {
        x: (i / n) * width,
        y: 0,
        width: width / n + 0.5,
        height: 10,
        fill: colour(value),
      }),
    );
  }
  for (const { value, text } of ticks) {
    const at = last > first ? ((value - first) / (last - first)) * width : 0;
    const anchor = value === first ? 'start' : value === last ? 'end' : 'middle';
    key.append(node('text', { x: at, y: 24, fill: 'currentColor', 'text-anchor': anchor }, [text]));
  }
  return key;
}
