// Axes of time on the lab's clock, and legends that are part of the picture.
import { i18n } from '../i18n/index.svelte';
import { node } from './svg';

const HOUR_MS = 3_600_000;

/**
 * Ticks as many as fit: months (with the year at the first and at each January), or days, or the
 * date where a day begins and else the hour.
 */
export function timeAxis(width: number, first?: Date, last?: Date) {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(i18n.locale, { ...options, timeZone: 'UTC' });
  const hours = first && last ? (+last - +first) / HOUR_MS : 0;
  const year = format({ year: 'numeric', month: 'short' });
  const month = format({ month: 'short' });
  const day = format({ month: 'numeric', day: 'numeric' });
  const hour = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const tickFormat = (at: Date, i = 0) => {
    if (hours > 24 * 120) return (i === 0 || at.getUTCMonth() === 0 ? year : month).format(at);
    return (at.getUTCHours() === 0 ? day : hour).format(at);
  };
  const room = widthOf(tickFormat(first ?? new Date(0))) + 24;
  return { ticks: Math.max(2, Math.floor(width / Math.max(80, room))), tickFormat };
}

export interface Ink {
  name: string;
  colour: string;
}
const ROW = 20;

/** The width of a text of 12 px. */
export function widthOf(text: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return text.length * 8;
  context.font = '12px "Pretendard GOV", "Noto Sans KR", sans-serif';
  return context.measureText(text).width;
}

/** Where each entry of a legend goes, in rows no wider than the picture. */
function placesOf(inks: Ink[], left: number, width: number) {
  let [x, row] = [left, 0];
  return inks.map((ink) => {
    const wide = 24 + widthOf(ink.name) + 12;
    if (x > left && x + wide > width) [x, row] = [left, row + 1];
    const place = { ink, x, row };
    x += wide;
    return place;
  });
}

/** The height that a legend takes. */
export function legendHeight(inks: Ink[], left: number, width: number): number {
  const last = placesOf(inks, left, width).at(-1);
  return last ? (last.row + 1) * ROW : 0;
}

/** The legend as a part of a picture, from `top` on. */
export function legend(inks: Ink[], left: number, top: number, width: number): SVGGElement {
  const group = node('g', { 'data-legend': '' });
  for (const { ink, x, row } of placesOf(inks, left, width)) {
    const y = top + row * ROW;
    group.append(
      node('rect', { x, y, width: 12, height: 12, rx: 2, fill: ink.colour }),
      node('text', { x: x + 18, y: y + 10.5, fill: 'currentColor', 'text-anchor': 'start' }, [
        ink.name,
      ]),
    );
  }
  return group;
}
