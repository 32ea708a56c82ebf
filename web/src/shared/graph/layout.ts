// Places the parts of a directed graph in columns, left to right, with few crossings: each part
// one column behind the farthest part that it comes from, ordered by the middle of its neighbours.
// An edge that passes columns gets a place of its own in each of them, so that it goes round boxes.

export interface GraphNode {
  id: string;
  kind: 'dataset' | 'step' | 'file';
  label: string;
  note?: string;
  href?: string;
}
export interface GraphEdge {
  from: string;
  to: string;
}
export interface Placed extends GraphNode {
  column: number;
  x: number;
  y: number;
  from: string[];
}

export const BOX = { least: 152, most: 248, height: 56, across: 40, down: 20, edge: 12 };

/** The width of a box: what a frame of this width has for as many columns, within bounds. */
function boxWidth(columns: number, frame: number): number {
  const free = frame - 2 * BOX.edge - (columns - 1) * BOX.across;
  return Math.floor(Math.min(BOX.most, Math.max(BOX.least, free / Math.max(1, columns))));
}
/** Height of the place of a passing edge, as a part of a box's. */
const PASSING = 0.4;

/** Something with a place in a column: a part, or an edge on its way. */
interface Slot {
  id: string;
  column: number;
  isPassing: boolean;
  /** Middle, in heights of a box. */
  at: number;
}

/** Column of each part: the longest way to it. Edges that would close a circle are ignored. */
function columnsOf(nodes: GraphNode[], edges: GraphEdge[]): Map<string, number> {
  const column = new Map<string, number>();
  const before = new Map<string, string[]>();
  for (const { from, to } of edges) before.set(to, [...(before.get(to) ?? []), from]);
  const visiting = new Set<string>();
  const visit = (id: string): number => {
    const known = column.get(id);
    if (known !== undefined) return known;
    if (visiting.has(id)) return -1;
    visiting.add(id);
    const at = Math.max(-1, ...(before.get(id) ?? []).map(visit)) + 1;
    visiting.delete(id);
    column.set(id, at);
    return at;
  };
  for (const node of nodes) visit(node.id);
  return column;
}

/** Cuts long edges into pieces of one column each; returns the slots and the pieces. */
function slotsOf(nodes: GraphNode[], edges: GraphEdge[], columnOf: Map<string, number>) {
  const slots = nodes.map((node): Slot => ({
    id: node.id,
    column: columnOf.get(node.id) ?? 0,
    isPassing: false,
    at: 0,
  }));
  const ways = edges.map((edge) => {
    const way = [edge.from];
    const last = columnOf.get(edge.to) ?? 0;
    for (let column = (columnOf.get(edge.from) ?? 0) + 1; column < last; column++) {
      const id = `${edge.from} ${edge.to} ${column}`;
      slots.push({ id, column, isPassing: true, at: 0 });
      way.push(id);
    }
    return [...way, edge.to];
  });
  return { slots, ways };
}

/** Puts the slots of a column below each other in their order, around the middle. */
function stack(slots: Slot[]): void {
  const heightOf = (slot: Slot) => (slot.isPassing ? PASSING : 1);
  const gap = BOX.down / BOX.height;
  const whole = slots.reduce((sum, slot) => sum + heightOf(slot) + gap, -gap);
  let top = -whole / 2;
  for (const slot of slots) {
    slot.at = top + heightOf(slot) / 2;
    top += heightOf(slot) + gap;
  }
}

function orderColumns(columns: Slot[][], ways: string[][]): void {
  const byId = new Map(columns.flat().map((slot) => [slot.id, slot]));
  const before = new Map<string, Slot[]>();
  const after = new Map<string, Slot[]>();
  for (const way of ways) {
    for (let i = 0; i + 1 < way.length; i++) {
      const from = byId.get(way[i] ?? '');
      const to = byId.get(way[i + 1] ?? '');
      if (!from || !to) continue;
      before.set(to.id, [...(before.get(to.id) ?? []), from]);
      after.set(from.id, [...(after.get(from.id) ?? []), to]);
    }
  }
  columns.forEach(stack);
  for (let pass = 0; pass < 12; pass++) {
    const isForth = pass % 2 === 0;
    for (const slots of isForth ? columns : [...columns].reverse()) {
      const wish = new Map(
        slots.map((slot) => {
          const near = (isForth ? before : after).get(slot.id) ?? [];
          const sum = near.reduce((total, one) => total + one.at, 0);
          return [slot.id, near.length > 0 ? sum / near.length : slot.at];
        }),
      );
      slots.sort((a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0));
      stack(slots);
    }
  }
}

/** A line through points that leaves and enters level. */
function curve(points: [number, number][]): string {
  let path = '';
  for (const [i, [x, y]] of points.entries()) {
    if (i === 0) {
      path = `M${x},${y}`;
      continue;
    }
    const [x0, y0] = points[i - 1] ?? [0, 0];
    const bend = (x - x0) / 2;
    path += `C${x0 + bend},${y0} ${x - bend},${y} ${x},${y}`;
  }
  return path;
}

/** The parts with their places, the edges with their lines, and the size of the whole. */
export function layOut(nodes: GraphNode[], edges: GraphEdge[], frame: number) {
  const known = new Set(nodes.map((node) => node.id));
  const inside = edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
  const columnOf = columnsOf(nodes, inside);
  const { slots, ways } = slotsOf(nodes, inside, columnOf);
  const columns: Slot[][] = [];
  for (const slot of slots) (columns[slot.column] ??= []).push(slot);
  orderColumns(columns, ways);

  const heightOf = (slot: Slot) => (slot.isPassing ? PASSING : 1);
  const top = Math.min(0, ...slots.map((slot) => slot.at - heightOf(slot) / 2));
  const bottom = Math.max(0, ...slots.map((slot) => slot.at + heightOf(slot) / 2));
  const byId = new Map(slots.map((slot) => [slot.id, slot]));
  const box = boxWidth(columns.length, frame);
  const xOf = (column: number) => BOX.edge + column * (box + BOX.across);
  const yOf = (slot: Slot | undefined) => BOX.edge + ((slot?.at ?? 0) - top) * BOX.height;

  const placed = nodes.map((node): Placed => {
    const slot = byId.get(node.id);
    const column = slot?.column ?? 0;
    const from = inside.filter((edge) => edge.to === node.id).map((edge) => edge.from);
    return { ...node, column, x: xOf(column), y: yOf(slot) - BOX.height / 2, from };
  });
  const lines = ways.map((way) => {
    const points: [number, number][] = [];
    for (const [i, id] of way.entries()) {
      const slot = byId.get(id);
      const x = xOf(slot?.column ?? 0);
      const y = yOf(slot);
      if (i > 0) points.push([i === way.length - 1 ? x - 6 : x, y]);
      if (i < way.length - 1) points.push([x + box, y]);
    }
    return { id: way.join(' '), path: curve(points) };
  });
  return {
    placed,
    lines,
    box,
    width: xOf(columns.length - 1) + box + BOX.edge,
    height: (bottom - top) * BOX.height + 2 * BOX.edge,
  };
}
