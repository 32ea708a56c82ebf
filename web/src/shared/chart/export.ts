// Charts as files: CSV of the numbers, SVG and PNG of the picture.
import { widthOf } from './axis';
import { node } from './svg';

export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A field of CSV, quoted when it has to be; what a spreadsheet would run as a formula is not. */
function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+@-]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** UTF-8 with a byte order mark, so that spreadsheets read Hangul. */
export function csvOf(header: string[], rows: (string | number | null)[][]): Blob {
  const lines = [header, ...rows].map((row) => row.map(field).join(','));
  return new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/csv;charset=utf-8' });
}

const INKS = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'stroke-width',
  'stroke-linecap',
  'stroke-dasharray',
];
const LETTERS = ['font-size', 'font-weight', 'text-anchor', 'paint-order'];
const INKED = new Set(['path', 'rect', 'circle', 'line', 'text']);
const FONT = 'Pretendard GOV, Noto Sans KR, sans-serif';
const MARGIN = 12;

/** A text in lines no wider than given; `size` in pixels. */
function linesOf(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && (widthOf(longer) * size) / 12 > width) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
}

export interface Picture {
  text: string;
  width: number;
  height: number;
}

/** What stands above a picture and below it. */
export interface Words {
  title: string;
  caption?: string;
}

/**
 * The chart as a picture of its own: on its ground (a viewer may have another), with its title,
 * and with its colours and letters written into it, as the page's sheet means nothing elsewhere.
 */
export function pictureOf(svg: SVGSVGElement, { title, caption = '' }: Words): Picture {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const style = getComputedStyle(svg);
  const parts = [...svg.querySelectorAll<SVGElement>('*')];
  [...copy.querySelectorAll<SVGElement>('*')].forEach((part, i) => {
    const shown = parts[i];
    if (!shown || !INKED.has(part.tagName)) return;
    const drawn = getComputedStyle(shown);
    const names = part.tagName === 'text' ? [...INKS, ...LETTERS] : INKS;
    for (const name of names) part.style.setProperty(name, drawn.getPropertyValue(name));
  });
  const { width, height } = svg.getBoundingClientRect();
  const heads = linesOf(title, 17, width - 2 * MARGIN); // bold 16 px
  const notes = caption ? linesOf(caption, 12, width - 2 * MARGIN) : [];
  const top = MARGIN + 22 * heads.length;
  const bottom = MARGIN + 18 * notes.length;
  const whole = height + top + bottom;
  copy.setAttribute('x', '0');
  copy.setAttribute('y', String(top));
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.style.width = `${width}px`;
  copy.style.height = `${height}px`;
  const clear = ['transparent', 'rgba(0, 0, 0, 0)'];
  const ground = clear.includes(style.backgroundColor)
    ? getComputedStyle(document.documentElement).getPropertyValue('--surface').trim()
    : style.backgroundColor;
  const line = (text: string, y: number, size: number, weight: number) =>
    node('text', { x: MARGIN, y, fill: 'currentColor', 'font-size': size, 'font-weight': weight }, [
      text,
    ]);
  const outer = node(
    'svg',
    { width, height: whole, viewBox: `0 0 ${width} ${whole}`, 'font-family': FONT },
    [
      node('rect', { width, height: whole, fill: ground }),
      ...heads.map((text, i) => line(text, MARGIN + 14 + 22 * i, 16, 700)),
      copy,
      ...notes.map((text, i) => line(text, top + height + 14 + 18 * i, 12, 400)),
    ],
  );
  outer.style.color = style.color;
  return { text: new XMLSerializer().serializeToString(outer), width, height: whole };
}

export const svgBlob = (svg: SVGSVGElement, words: Words): Blob =>
  new Blob([pictureOf(svg, words).text], { type: 'image/svg+xml' });

export async function pngBlob(svg: SVGSVGElement, words: Words): Promise<Blob> {
  const scale = 2;
  const { text, width, height } = pictureOf(svg, words);
  const image = new Image(width * scale, height * scale);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}
