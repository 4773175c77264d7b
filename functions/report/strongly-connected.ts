/**
 * The strongly connected components of a directed graph (Tarjan 1972), without recursion, since a chain of causes may be thousands long.
 * @param edges by node: the nodes that it points to
 * @returns by node: its component's number; every component has a higher number than those it points to
 */
export function stronglyConnectedComponents(edges: readonly (readonly number[])[]): Int32Array {
  const count = edges.length;
  const component = new Int32Array(count).fill(-1);
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const nextEdge = new Int32Array(count);
  const open: number[] = [];
  let visited = 0;
  let components = 0;

  const enter = (node: number, path: number[]): void => {
    order[node] = visited;
    low[node] = visited++;
    open.push(node);
    path.push(node);
  };
  const close = (node: number): void => {
    for (let member = open.pop(); member !== undefined; member = open.pop()) {
      component[member] = components;
      if (member === node) break;
    }
    components++;
  };
  const lower = (node: number, to: number): void => {
    if (to < (low[node] ?? 0)) low[node] = to;
  };

  for (let start = 0; start < count; start++) {
    if (order[start] !== -1) continue;
    const path: number[] = [];
    enter(start, path);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const edge = nextEdge[node] ?? 0;
      const target = edges[node]?.[edge];
      if (target !== undefined) {
        nextEdge[node] = edge + 1;
        if (order[target] === -1) enter(target, path);
        else if (component[target] === -1) lower(node, order[target] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent, low[node] ?? 0);
      if (low[node] === order[node]) close(node);
    }
  }
  return component;
}
