// Where the reader is: path and query of the address, kept as state.

class Route {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));

  constructor() {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  /** Goes to another page of the app. */
  go(url: string): void {
    history.pushState(null, '', url);
    this.#read();
    scrollTo(0, 0);
  }

  /** Changes the query of this page without a step in the history. */
  replaceQuery(query: URLSearchParams): void {
    const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
    history.replaceState(history.state, '', this.path + (text ? `?${text}` : '') + location.hash);
    this.query = query;
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  /** Links within the app change the page without loading it anew. */
  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement)) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (/^\/(api|ogc)(\/|$)/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    this.go(link.pathname + link.search + link.hash);
  }
}

export const route = new Route();

/** Fits a path to a pattern such as "/data/:org/:name"; null when it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.replace(/\/+$/, '').split('/');
  if (pattern === '/') return path === '/' || path === '' ? {} : null;
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, word] of wanted.entries()) {
    const text = given[i] ?? '';
    if (word.startsWith(':')) found[word.slice(1)] = decodeURIComponent(text);
    else if (word !== text) return null;
  }
  return found;
}
