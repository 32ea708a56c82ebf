// Talks to the server: JSON in, JSON out, RFC 9457 problems as errors.
import type {
  Alert,
  AlertHook,
  AlertWatch,
  AuditRecord,
  Dataset,
  DatasetSummary,
  Frame,
  Job,
  Layer,
  Layers,
  Lineage,
  Me,
  Method,
  Person,
  ReportStep,
  Rows,
  Series,
  Study,
  Token,
} from './types';

/** What the server (or the way to it) refused, with the reason to show. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

const BASE = '/api/v1';

async function problemOf(reply: Response): Promise<ApiError> {
  let title = reply.statusText;
  let detail = '';
  try {
    const body = (await reply.json()) as { title?: string; detail?: string };
    title = body.title ?? title;
    detail = body.detail ?? '';
  } catch {
    // A reply that is not JSON has no more to say than its status.
  }
  return new ApiError(reply.status, title, detail);
}

async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal) {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Dosi'] = '1';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let reply: Response;
  try {
    reply = await fetch(path.startsWith('/') ? path : `${BASE}/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      credentials: 'same-origin',
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', '');
  }
  if (!reply.ok) throw await problemOf(reply);
  return reply;
}

async function json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal) {
  const reply = await ask(method, path, body, signal);
  return (reply.status === 204 ? undefined : await reply.json()) as T;
}

const get = <T>(path: string, signal?: AbortSignal) => json<T>('GET', path, undefined, signal);
const part = encodeURIComponent;

/** "sample/dong" or "sample/dong@3" as a path below /api/v1. */
function datasetPath(reference: string): string {
  const [name = '', version] = reference.split('@');
  const path = `datasets/${name.split('/').map(part).join('/')}`;
  return version ? `${path}?version=${version}` : path;
}

/** The same with something behind the name: rows, lineage, download. */
function datasetPart(reference: string, what: string, query: Record<string, string | number>) {
  const [name = '', version] = reference.split('@');
  const all = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) all.set(key, String(value));
  if (version) all.set('version', version);
  const tail = all.size ? `?${all}` : '';
  return `${datasetPath(name)}/${what}${tail}`;
}

/** Times as the server writes them: each, or the first, step and count of regular ones. */
type WireTimes = string[] | { first: string; step_s: number; count: number } | null;
type WireLayers = Omit<Layers, 'layers'> & {
  layers: (Omit<Layer, 'times'> & { times: WireTimes })[];
};

function allTimes(times: WireTimes): string[] | null {
  if (times === null || Array.isArray(times)) return times;
  const zone = times.first.slice(19);
  const start = Date.parse(`${times.first.slice(0, 19)}Z`);
  return Array.from({ length: times.count }, (_, i) => {
    const clock = new Date(start + i * times.step_s * 1000).toISOString().slice(0, 19);
    return clock + zone;
  });
}

export const api = {
  me: () => get<Me>('me'),
  signIn: (name: string, password: string) =>
    json<{ user: Person; must_change_password?: boolean }>('POST', 'session', { name, password }),
  signOut: () => json<void>('DELETE', 'session'),
  changePassword: (old: string, fresh: string) =>
    json<void>('POST', 'password', { old, new: fresh }),

  tokens: async () => (await get<{ tokens: Token[] }>('tokens')).tokens,
  createToken: (label: string, scopes: string[], days: number) =>
    json<{ id: Token['id']; token: string }>('POST', 'tokens', { label, scopes, days }),
  revokeToken: (id: Token['id']) => json<void>('DELETE', `tokens/${part(String(id))}`),
  audit: (limit: number) =>
    get<{ records: AuditRecord[]; verified: boolean }>(`audit?limit=${limit}`),

  datasets: async () => (await get<{ datasets: DatasetSummary[] }>('datasets')).datasets,
  dataset: (reference: string) => get<Dataset>(datasetPath(reference)),
  rows: (reference: string, limit: number, offset: number) =>
    get<Rows>(datasetPart(reference, 'rows', { limit, offset })),
  sql: (sql: string, limit: number) => json<Rows>('POST', 'sql', { sql, format: 'json', limit }),
  lineage: (reference: string) => get<Lineage>(datasetPart(reference, 'lineage', {})),
  describe: (reference: string, changes: Record<string, unknown>) =>
    json<Dataset>('PATCH', datasetPath(reference), changes),
  downloadUrl: (reference: string, format: string) =>
    `${BASE}/${datasetPart(reference, 'download', { format })}`,
  dcatUrl: (reference: string) => `${BASE}/${datasetPart(reference, 'dcat', {})}`,

  studies: async () => (await get<{ studies: Study[] }>('studies')).studies,
  study: (id: string) => get<Study>(`studies/${part(id)}`),
  methods: async () => (await get<{ methods: Method[] }>('methods')).methods,
  runStudy: (id: string, settings: Record<string, string>) =>
    json<{ job: Job | string }>('POST', `studies/${part(id)}/runs`, { settings }),
  jobs: async () => (await get<{ jobs: Job[] }>('jobs')).jobs,
  job: async (id: string) => {
    const reply = await get<Job | { job: Job }>(`jobs/${part(id)}`);
    return 'job' in reply ? reply.job : reply;
  },
  jobLog: async (id: string) => (await ask('GET', `jobs/${part(id)}/log`)).text(),
  jobReport: async (id: string) =>
    (await get<{ steps: ReportStep[] }>(`jobs/${part(id)}/report`)).steps,
  dismissJob: (id: string) => json<void>('DELETE', `jobs/${part(id)}`),

  alerts: (limit: number) =>
    get<{ alerts: Alert[]; watches: AlertWatch[]; webhooks?: AlertHook[] }>(
      `alerts?limit=${limit}`,
    ),

  layers: async (signal?: AbortSignal): Promise<Layers> => {
    const reply = await get<WireLayers>('layers', signal);
    return {
      ...reply,
      layers: reply.layers.map((one) => ({ ...one, times: allTimes(one.times) })),
    };
  },
  frame: (layer: string, time: string | null, signal?: AbortSignal) =>
    get<Frame>(`layers/${part(layer)}/frame${time === null ? '' : `?time=${part(time)}`}`, signal),
  series: (layer: string, at: { key: string } | { lon: number; lat: number }) =>
    get<Series>(
      `layers/${part(layer)}/series?` +
        ('key' in at ? `key=${part(at.key)}` : `lon=${at.lon}&lat=${at.lat}`),
    ),
  /** Features of a collection as GeoJSON, page by page up to `limit`. */
  items: async (collection: string, limit: number, signal?: AbortSignal) => {
    const all: GeoJSON.Feature[] = [];
    let next: string | null =
      `/ogc/collections/${part(collection)}/items?f=json&limit=${Math.min(limit, 1000)}`;
    while (next && all.length < limit) {
      const page: GeoJSON.FeatureCollection & { links?: { rel: string; href: string }[] } =
        await get(next, signal);
      all.push(...page.features);
      const link = page.links?.find((one) => one.rel === 'next');
      const url: URL | null = link ? new URL(link.href, location.href) : null;
      next = url ? url.pathname + url.search : null;
    }
    return all;
  },
  tilesUrl: (collection: string) =>
    `${location.origin}/ogc/collections/${part(collection)}/tiles/WebMercatorQuad/{z}/{y}/{x}`,
  eventsUrl: `${BASE}/events`,
};
