// Places the parts of a directed graph in columns, left to right, with few crossings: each part
// one column behind the farthest part that it comes from, ordered by the middle of its neighbours.

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

export const BOX = { width: 196, height: 56, across: 64, down: 20, edge: 12 };

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

/** The parts with their places, and the size of the whole. */
export function layOut(nodes: GraphNode[], edges: GraphEdge[]) {
  const known = new Set(nodes.map((node) => node.id));
  const inside = edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
  const columnOf = columnsOf(nodes, inside);
  const columns: string[][] = [];
  for (const node of nodes) (columns[columnOf.get(node.id) ?? 0] ??= []).push(node.id);

  const order = new Map<string, number>();
  const number = (ids: string[]) => ids.forEach((id, i) => order.set(id, i - (ids.length - 1) / 2));
  columns.forEach(number);
  const middle = (ids: string[]) =>
    ids.length ? ids.reduce((sum, id) => sum + (order.get(id) ?? 0), 0) / ids.length : null;
  const before = (id: string) => inside.filter((edge) => edge.to === id).map((edge) => edge.from);
  const after = (id: string) => inside.filter((edge) => edge.from === id).map((edge) => edge.to);
  for (let pass = 0; pass < 8; pass++) {
    const isForth = pass % 2 === 0;
    for (const ids of isForth ? columns : [...columns].reverse()) {
      const wish = new Map(
        ids.map((id) => [id, middle(isForth ? before(id) : after(id)) ?? order.get(id) ?? 0]),
      );
      ids.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
      number(ids);
    }
  }

  const tallest = Math.max(1, ...columns.map((ids) => ids.length));
  const height = tallest * (BOX.height + BOX.down) - BOX.down + 2 * BOX.edge;
  const placed = nodes.map((node): Placed => {
    const column = columnOf.get(node.id) ?? 0;
    return {
      ...node,
      column,
      x: BOX.edge + column * (BOX.width + BOX.across),
      y: height / 2 + (order.get(node.id) ?? 0) * (BOX.height + BOX.down) - BOX.height / 2,
      from: before(node.id),
    };
  });
  const width = columns.length * (BOX.width + BOX.across) - BOX.across + 2 * BOX.edge;
  return { placed, edges: inside, width, height };
}
