// Charts as files: CSV of the numbers, SVG and PNG of the picture.

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

const INKS = ['fill', 'fill-opacity', 'stroke', 'stroke-opacity', 'stroke-width'];
const INKED = new Set(['path', 'rect', 'circle', 'line', 'text']);

/** The chart as a picture of its own, with its colours written into it. */
export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const style = getComputedStyle(svg);
  // Colours that the page's sheet gives, and variables, mean nothing outside the page.
  const parts = [...svg.querySelectorAll<SVGElement>('*')];
  [...copy.querySelectorAll<SVGElement>('*')].forEach((part, i) => {
    const shown = parts[i];
    if (!shown || !INKED.has(part.tagName)) return;
    const drawn = getComputedStyle(shown);
    for (const name of INKS) part.style.setProperty(name, drawn.getPropertyValue(name));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.style.color = style.color;
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.style.background = getComputedStyle(document.documentElement).getPropertyValue('--surface');
  copy.setAttribute('font-family', 'Pretendard GOV, Noto Sans KR, sans-serif');
  return new XMLSerializer().serializeToString(copy);
}

export const svgBlob = (svg: SVGSVGElement): Blob =>
  new Blob([svgText(svg)], { type: 'image/svg+xml' });

export async function pngBlob(svg: SVGSVGElement): Promise<Blob> {
  const scale = 2;
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image(width * scale, height * scale);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--surface');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}
