// A made-up lab that speaks the HTTP contract (docs/api.md) without the C program: for working on
// the pages, and for the tests that need no real data. `node tests/web/mock.mjs [PORT]`.
// Everything here is invented and small: 9 districts, 81 neighbourhoods, 12 stations, 72 hours.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import geojsonvt from 'geojson-vt';
import vtpbf from 'vt-pbf';

const dist = join(fileURLToPath(new URL('.', import.meta.url)), '../../web/dist');

// --- the city ---------------------------------------------------------------------------------

const WEST = 126.86;
const SOUTH = 37.47;
const SIZE = 0.27;
const HOURS = 72;
const two = (n) => String(n).padStart(2, '0');
const times = Array.from({ length: HOURS }, (_, i) => {
  const at = new Date(Date.UTC(2020, 1, 1, 1 + i));
  return `${at.toISOString().slice(0, 19)}+09:00`;
});

/** A corner of the net of neighbourhoods, bent a little so that it does not look ruled. */
const corner = (i, j) => [
  WEST + (SIZE * i) / 9 + 0.004 * Math.sin(1.7 * j + 0.6 * i),
  SOUTH + (SIZE * 0.8 * j) / 9 + 0.004 * Math.cos(1.3 * i - 0.9 * j),
];
const names = ['가람', '나래', '다온', '라온', '마루', '바다', '사랑', '아라', '자람'];
const dongs = [];
for (let j = 0; j < 9; j++) {
  for (let i = 0; i < 9; i++) {
    const district = Math.floor(j / 3) * 3 + Math.floor(i / 3);
    dongs.push({
      type: 'Feature',
      id: j * 9 + i + 1,
      geometry: {
        type: 'Polygon',
        coordinates: [
          [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1), corner(i, j)],
        ],
      },
      properties: {
        dong: `11${two(district + 1)}${two(j)}${two(i)}`,
        name: `${names[i]}${(j % 3) + 1}동`,
        district: `11${two(district + 1)}`,
        district_name: `${names[district]}구`,
        population: 9000 + ((i * 7919 + j * 104729) % 21000),
      },
    });
  }
}
const districts = names.map((name, d) => {
  const i0 = (d % 3) * 3;
  const j0 = Math.floor(d / 3) * 3;
  const ring = [];
  for (let k = 0; k < 3; k++) ring.push(corner(i0 + k, j0));
  for (let k = 0; k < 3; k++) ring.push(corner(i0 + 3, j0 + k));
  for (let k = 3; k > 0; k--) ring.push(corner(i0 + k, j0 + 3));
  for (let k = 3; k >= 0; k--) ring.push(corner(i0, j0 + k));
  return {
    type: 'Feature',
    id: d + 1,
    geometry: { type: 'Polygon', coordinates: [ring] },
    properties: { district: `11${two(d + 1)}`, name: `${name}구` },
  };
});
const river = [];
{
  const north = [];
  const south = [];
  for (let k = 0; k <= 40; k++) {
    const x = WEST + (SIZE * k) / 40;
    const y = SOUTH + SIZE * (0.36 + 0.06 * Math.sin(k / 5));
    north.push([x, y + 0.004]);
    south.unshift([x, y - 0.004]);
  }
  river.push({
    type: 'Feature',
    id: 1,
    geometry: { type: 'Polygon', coordinates: [[...north, ...south, north[0]]] },
    properties: { name: '한내' },
  });
}
const stations = Array.from({ length: 12 }, (_, k) => ({
  type: 'Feature',
  id: k + 1,
  geometry: {
    type: 'Point',
    coordinates: [
      WEST + SIZE * (0.1 + 0.8 * ((k * 0.381966) % 1)),
      SOUTH + SIZE * 0.8 * (0.1 + 0.8 * ((k * 0.618034) % 1)),
    ],
  },
  properties: {
    station: `S${two(k + 1)}`,
    name: `${names[k % 9]}${k >= 9 ? ' 도로변' : ''} 측정소`,
    kind: k >= 9 ? 'roadside' : 'urban',
  },
}));

/** The made-up field: two sources and a daily rhythm. */
function pm25(lon, lat, hour) {
  const rhythm = 1 + 0.5 * Math.sin(((hour % 24) - 3) / 3.82) + 0.6 * Math.sin(hour / 17);
  const from = (x, y, s) => Math.exp(-((lon - x) ** 2 + (lat - y) ** 2) / (2 * s * s));
  return Math.max(
    3,
    rhythm *
      (12 + 55 * from(WEST + 0.07, SOUTH + 0.06, 0.05) + 38 * from(WEST + 0.2, SOUTH + 0.16, 0.04)),
  );
}

const ring = (feature) => feature.geometry.coordinates[0];
const middle = (feature) => {
  const points = ring(feature).slice(0, -1);
  return [0, 1].map((c) => points.reduce((sum, point) => sum + point[c], 0) / points.length);
};

const collections = {
  'sample.dong': dongs,
  'sample.districts': districts,
  'sample.river': river,
  'sample.stations': stations,
};
const tileIndexes = Object.fromEntries(
  Object.entries(collections).map(([id, features]) => [
    id,
    geojsonvt({ type: 'FeatureCollection', features }, { maxZoom: 14, indexMaxZoom: 5 }),
  ]),
);

// --- layers -----------------------------------------------------------------------------------

const classes = [
  { max: 15, colour: '#3b82f6', label: { ko: '좋음', en: 'Good' } },
  { max: 35, colour: '#22a55a', label: { ko: '보통', en: 'Moderate' } },
  { max: 75, colour: '#f2c037', label: { ko: '나쁨', en: 'Unhealthy' } },
  { max: null, colour: '#d63d4a', label: { ko: '매우 나쁨', en: 'Very unhealthy' } },
];
const extent = [WEST, SOUTH, WEST + SIZE, SOUTH + SIZE * 0.8];
const grid = { columns: 48, rows: 36, corners: cornersOf(extent) };
function cornersOf([w, s, e, n]) {
  return [
    [w - 0.004, n + 0.004],
    [e + 0.004, n + 0.002],
    [e + 0.002, s - 0.004],
    [w - 0.006, s - 0.002],
  ];
}
const shared = {
  organisation: 'sample',
  simulated: true,
  version: 1,
  unit: 'ug/m3',
  times,
  legend: classes,
  geometry: null,
  grid: null,
  extent,
  uncertainty: null,
  study: 'air-now',
};
const layers = [
  {
    ...shared,
    id: 'sample.air-map.pm25',
    title: { ko: '초미세먼지(PM2.5) 지도', en: 'Fine dust (PM2.5), map' },
    kind: 'grid',
    dataset: 'sample/air-map',
    value: 'pm25',
    grid,
    uncertainty: 'sample.air-map.pm25_sd',
  },
  {
    ...shared,
    id: 'sample.air-map.pm25_sd',
    title: { ko: '초미세먼지(PM2.5) 지도의 불확실성', en: 'Fine dust (PM2.5), standard error' },
    kind: 'grid',
    dataset: 'sample/air-map',
    value: 'pm25_sd',
    grid,
    legend: [
      { max: 2, colour: '#f1eef6', label: { ko: '낮음', en: 'Low' } },
      { max: 5, colour: '#bdc9e1', label: { ko: '보통', en: 'Medium' } },
      { max: null, colour: '#74a9cf', label: { ko: '높음', en: 'High' } },
    ],
  },
  {
    ...shared,
    id: 'sample.air-dong.pm25',
    title: { ko: '행정동 평균 PM2.5', en: 'PM2.5 by neighbourhood' },
    kind: 'areas',
    dataset: 'sample/air-dong',
    value: 'pm25',
    geometry: { collection: 'sample.dong', key: 'dong', label: 'name' },
  },
  {
    ...shared,
    id: 'sample.air-hourly.pm25',
    title: { ko: '측정소 PM2.5', en: 'PM2.5 at stations' },
    kind: 'points',
    dataset: 'sample/air-hourly',
    value: 'pm25_ugm3',
    geometry: { collection: 'sample.stations', key: 'station', label: 'name' },
  },
];

const cellPlace = (i) => {
  const u = ((i % grid.columns) + 0.5) / grid.columns;
  const v = (Math.floor(i / grid.columns) + 0.5) / grid.rows;
  return [extent[0] + u * (extent[2] - extent[0]), extent[3] - v * (extent[3] - extent[1])];
};
const round = (value) => Math.round(value * 100) / 100;
const spreadAt = (lon, lat) => 1 + 40 * Math.hypot(lon - WEST - SIZE / 2, lat - SOUTH - SIZE * 0.4);

function valueAt(layer, [lon, lat], hour) {
  return round(layer.value === 'pm25_sd' ? spreadAt(lon, lat) : pm25(lon, lat, hour));
}
function placesOf(layer) {
  const features = collections[layer.geometry.collection];
  return features.map((one) => ({
    key: one.properties[layer.geometry.key],
    name: one.properties.name,
    at: one.geometry.type === 'Point' ? one.geometry.coordinates : middle(one),
  }));
}
function frameOf(layer, time) {
  const hour = time ? times.indexOf(time) : HOURS - 1;
  if (hour < 0) return null;
  if (layer.grid) {
    const values = Array.from({ length: grid.columns * grid.rows }, (_, i) =>
      valueAt(layer, cellPlace(i), hour),
    );
    return { time: times[hour], values };
  }
  const places = placesOf(layer);
  return {
    time: times[hour],
    keys: places.map((one) => one.key),
    // One station is silent for some hours, as stations are.
    values: places.map((one, i) =>
      layer.kind === 'points' && i === 3 && hour % 9 === 0 ? null : valueAt(layer, one.at, hour),
    ),
  };
}
function seriesOf(layer, query) {
  if (layer.grid) {
    const at = [Number(query.get('lon')), Number(query.get('lat'))];
    const values = times.map((_, hour) => valueAt(layer, at, hour));
    return { times, values, unit: layer.unit, label: null, key: null };
  }
  const place = placesOf(layer).find((one) => one.key === query.get('key'));
  if (!place) return null;
  const values = times.map((_, hour) => valueAt(layer, place.at, hour));
  return { times, values, unit: layer.unit, label: place.name, key: place.key };
}

// --- catalogue --------------------------------------------------------------------------------

const lineage = {
  nodes: [
    { id: 'f1', kind: 'file', label: 'sample city, seed 1' },
    { id: 'd1', kind: 'dataset', label: 'sample/air-hourly@1', reference: 'sample/air-hourly@1' },
    { id: 'd2', kind: 'dataset', label: 'sample/stations@1', reference: 'sample/stations@1' },
    { id: 's1', kind: 'step', label: 'qc', method: 'air.qc' },
    { id: 's2', kind: 'step', label: 'map', method: 'geo.krige', detail: { nmax: '32' } },
    { id: 'd3', kind: 'dataset', label: 'sample/air-qc@1', reference: 'sample/air-qc@1' },
    { id: 'd4', kind: 'dataset', label: 'sample/air-map@1', reference: 'sample/air-map@1' },
  ],
  edges: [
    ['f1', 'd1'],
    ['f1', 'd2'],
    ['d1', 's1'],
    ['d2', 's1'],
    ['s1', 'd3'],
    ['d3', 's2'],
    ['d2', 's2'],
    ['s2', 'd4'],
  ].map(([from, to]) => ({ from, to })),
};

function histogram(low, high, n) {
  const edges = Array.from({ length: n + 1 }, (_, i) => low + ((high - low) * i) / n);
  return {
    edges,
    counts: edges.slice(1).map((_, i) => Math.round(900 * Math.exp(-((i - n / 3) ** 2) / 14))),
  };
}

function datasetOf(reference, ko, en, more = {}) {
  return {
    reference,
    title: { ko, en },
    organisation: 'sample',
    version: 2,
    rows: 36000,
    bytes: 1234567,
    created: '2026-11-20T10:00:00+09:00',
    visibility: 'public',
    simulated: true,
    has_geometry: false,
    licence: 'CC0-1.0',
    time: [times[0], times.at(-1)],
    extent: null,
    description: { ko: `${ko}. 만들어 낸 값입니다.`, en: `${en}. Made-up values.` },
    publisher: 'Dosi sample city',
    contact: 'lab@example.org',
    frequency: 'hourly',
    hash: 'f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2',
    columns: [
      { name: 'station', type: 'text', unit: null, meaning: { ko: '측정소', en: 'Station' } },
      {
        name: 'time',
        type: 'time',
        unit: null,
        meaning: { ko: '시각(시간의 끝)', en: 'End of the hour' },
      },
      {
        name: 'pm25_ugm3',
        type: 'real',
        unit: 'ug/m3',
        meaning: { ko: '초미세먼지', en: 'Fine dust' },
      },
    ],
    profile: {
      columns: [
        {
          name: 'station',
          type: 'text',
          missing: 0,
          distinct: 50,
          min: null,
          max: null,
          mean: null,
          histogram: null,
          top: [
            { value: 'S01', count: 720 },
            { value: 'S02', count: 715 },
            { value: 'S03', count: 540 },
          ],
        },
        {
          name: 'time',
          type: 'time',
          missing: 0,
          distinct: 720,
          min: times[0],
          max: times.at(-1),
          mean: null,
          histogram: null,
          top: null,
        },
        {
          name: 'pm25_ugm3',
          type: 'real',
          missing: 1250,
          distinct: 812,
          min: 1,
          max: 141.5,
          mean: 23.4,
          histogram: histogram(0, 150, 30),
          top: null,
        },
      ],
    },
    latest: 2,
    versions: [
      { number: 2, created: '2026-11-20T10:00:00+09:00', rows: 36000, hash: 'f2ca1bb6c7e907d0' },
      { number: 1, created: '2026-11-19T10:00:00+09:00', rows: 35000, hash: '0a1bb6c7e907d0ff' },
    ],
    may: { describe: false, write: false },
    ...more,
  };
}
const datasets = [
  datasetOf('sample/air-hourly', '시간별 대기질', 'Hourly air quality'),
  datasetOf('sample/air-map', '대기질 지도', 'Map of air quality'),
  datasetOf('sample/dong', '행정동', 'Neighbourhoods', {
    has_geometry: true,
    time: null,
    extent,
    rows: 81,
    visibility: 'organisation',
  }),
  datasetOf('sample/stations', '측정소', 'Stations', {
    has_geometry: true,
    time: null,
    extent,
    rows: 12,
    visibility: 'private',
  }),
];

// --- studies and jobs -------------------------------------------------------------------------

const words = (ko, en) => ({ ko, en });
const methods = [
  {
    id: 'air.qc',
    version: 1,
    title: words('측정값 점검', 'Quality control of readings'),
    about: words(
      '범위, 고정, 튐, 이웃과 비교해 표시합니다.',
      'Flags range, flat line, spikes and neighbours.',
    ),
    citation: null,
    inputs: [
      { name: 'observations', title: words('측정값', 'Readings'), optional: false, columns: [] },
    ],
    parameters: [
      {
        name: 'flat',
        kind: 'integer',
        unit: 'h',
        default: 6,
        required: false,
        min: 2,
        max: 48,
        title: words('고정으로 볼 시간', 'Hours that count as flat'),
      },
    ],
    outputs: [
      {
        name: 'flagged',
        title: words('점검한 값', 'Flagged readings'),
        optional: false,
        columns: [],
      },
    ],
  },
  {
    id: 'geo.krige',
    version: 1,
    title: words('크리깅', 'Kriging'),
    about: words(
      '측정하지 않은 곳의 값을 추정합니다.',
      'Estimates values where nothing was measured.',
    ),
    citation: 'Cressie (1993)',
    inputs: [
      { name: 'observations', title: words('측정값', 'Readings'), optional: false, columns: [] },
    ],
    parameters: [
      {
        name: 'nmax',
        kind: 'integer',
        unit: null,
        default: 32,
        required: false,
        min: 1,
        max: 1000,
        title: words('이웃 수', 'Neighbours'),
      },
      {
        name: 'model',
        kind: 'choice',
        unit: null,
        default: 'spherical',
        required: false,
        choices: ['spherical', 'exponential', 'gaussian'],
        title: words('모형', 'Model'),
      },
    ],
    outputs: [{ name: 'map', title: words('지도', 'Map'), optional: false, columns: [] }],
  },
];
const study = {
  id: 'air-now',
  title: words('지금의 공기', 'The air now'),
  about: words(
    '시간마다 점검, 지수, 지도, 동 평균을 계산합니다.',
    'For each hour: quality control, index, map, means by neighbourhood.',
  ),
  organisation: 'sample',
  inputs: [
    {
      name: 'observations',
      dataset: '${org}/air-hourly',
      optional: false,
      title: words('시간별 측정값', 'Hourly readings'),
    },
    {
      name: 'stations',
      dataset: '${org}/stations',
      optional: false,
      title: words('측정소', 'Stations'),
    },
  ],
  parameters: [{ name: 'nmax', default: '32', unit: null, title: words('이웃 수', 'Neighbours') }],
  steps: [
    {
      id: 'qc',
      method: 'air.qc',
      title: methods[0].title,
      inputs: { observations: 'observations', stations: 'stations' },
      parameters: {},
    },
    {
      id: 'map',
      method: 'geo.krige',
      title: methods[1].title,
      inputs: { observations: 'qc.flagged', stations: 'stations' },
      parameters: { nmax: '${nmax}' },
    },
    {
      id: 'dong',
      method: 'geo.zonal',
      title: words('구역 평균', 'Means of areas'),
      inputs: { values: 'map.map' },
      parameters: {},
    },
  ],
  outputs: [
    {
      name: 'air-map',
      from: 'map.map',
      visibility: 'public',
      title: words('대기질 지도', 'Map of air quality'),
    },
  ],
  layers: [
    { id: 'pm25', output: 'air-map', value: 'pm25', title: words('초미세먼지', 'Fine dust') },
  ],
};

// --- alerts -----------------------------------------------------------------------------------

const alertOf = (id, zone, pollutant, level, issued, released, ended_by, peak) => ({
  id,
  watch: 'sample',
  dataset: 'sample/air-hourly',
  zone,
  pollutant,
  level,
  issued: times[issued],
  released: released === null ? null : times[released],
  ended_by,
  peak,
  peak_time: times[issued + 1],
  rule: pollutant === 'o3_ppm' ? 'kr-o3-1997-07' : 'kr-pm25-2018-07',
  version: 1,
});
const alertsAtFirst = () => [
  alertOf(6, '동부', 'pm25_ugm3', 'warning', 66, null, '', 171.5),
  alertOf(5, '동부', 'pm25_ugm3', 'advisory', 58, 66, 'raised', 149),
  alertOf(4, '서부', 'o3_ppm', 'advisory', 63, null, '', 0.131),
  alertOf(3, '서부', 'pm10_ugm3', 'advisory', 40, 47, 'withdrawn', 160),
  alertOf(2, '동부', 'o3_ppm', 'grave-warning', 14, 17, 'lowered', 0.52),
  alertOf(1, '서부', 'pm25_ugm3', 'advisory', 8, 20, 'released', 96),
];
const watches = [
  {
    name: 'sample',
    dataset: 'sample/air-hourly',
    stations: 'sample/stations',
    zone: 'zone',
    version: 1,
    looked: '2020-02-04T00:05:00+09:00',
    until: times.at(-1),
    message: '',
  },
];

// --- the datasets that pages ask for by SQL: only what those pages ask ---------------------------

const readingOf = (station, hour) => {
  const value = round(pm25(...station.geometry.coordinates, hour));
  return {
    station: station.properties.station,
    time: times[hour],
    pm25_ugm3: value,
    pm10_ugm3: round(value * 1.8),
    o3_ppm: round(0.02 + value / 2000),
    no2_ppm: round(0.01 + value / 1500),
    co_ppm: 0.5,
    so2_ppm: null,
  };
};
const hours = times.map((_, hour) => hour);
const tables = {
  'sample/stations': () =>
    stations.map(({ properties, geometry }) => ({ ...properties, geometry })),
  'sample/air-hourly': (sql) => {
    const wanted = /station = '(\w+)'/.exec(sql)?.[1];
    const some = stations.filter((one) => !wanted || one.properties.station === wanted);
    const isLast = /max\(time\)|time DESC/.test(sql);
    const rows = (isLast ? [HOURS - 1] : hours).flatMap((hour) =>
      some.map((station) => readingOf(station, hour)),
    );
    if (/min\(time\) AS a/.test(sql)) {
      return [{ a: times[0], b: times.at(-1), n: rows.length }];
    }
    const column = /"(\w+)"(?: END)? AS value/.exec(sql)?.[1];
    return column ? rows.map((row) => ({ time: row.time, value: row[column] })) : rows;
  },
  'sample/air-city': () =>
    hours.map((hour) => {
      const value = pm25(WEST + SIZE / 2, SOUTH + SIZE * 0.4, hour) + 18;
      return { time: times[hour], value, people: value > 35 ? 250_000 : 0 };
    }),
};

// --- the server -------------------------------------------------------------------------------

/** One lab of its own: sessions, tokens and jobs are not shared between servers. */
export function startMock(port = 0) {
  const state = {
    sessions: new Map(),
    password: 'one-time-password',
    mustChange: true,
    tokens: [],
    jobs: [],
    listeners: new Set(),
    described: {},
    alerts: alertsAtFirst(),
    nRuns: 0,
  };
  const server = createServer((request, reply) => {
    answer(state, request, reply).catch((reason) => problem(reply, 500, String(reason)));
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}`;
      resolve({
        url,
        /** Issues an advisory, and tells the pages that listen. */
        raise: (zone, pollutant, peak) => {
          const alert = alertOf(7, zone, pollutant, 'advisory', 70, null, '', peak);
          state.alerts.unshift(alert);
          const told = { id: 7, change: 'issued', alert };
          for (const one of state.listeners)
            one.write(`event: alert\ndata: ${JSON.stringify(told)}\n\n`);
        },
        close: () =>
          new Promise((done) => {
            for (const one of state.listeners) one.end();
            server.close(done);
            server.closeAllConnections();
          }),
      });
    });
  });
}

function send(reply, body, status = 200, headers = {}) {
  reply.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  reply.end(JSON.stringify(body));
}
function problem(reply, status, detail) {
  reply.writeHead(status, { 'Content-Type': 'application/problem+json' });
  reply.end(JSON.stringify({ type: 'about:blank', title: String(status), status, detail }));
}
async function bodyOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return text ? JSON.parse(text) : {};
}

async function answer(state, request, reply) {
  const url = new URL(request.url, 'http://mock');
  const path = url.pathname;
  if (path.startsWith('/api/v1/'))
    return api(state, request, reply, path.slice(8), url.searchParams);
  if (path.startsWith('/ogc/')) return ogc(reply, path, url.searchParams);
  return file(reply, path);
}

function file(reply, path) {
  let name = normalize(join(dist, decodeURIComponent(path)));
  if (!name.startsWith(dist) || !existsSync(name) || statSync(name).isDirectory()) {
    name = join(dist, 'index.html');
  }
  const type = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
    '.woff2': 'font/woff2',
  }[extname(name)];
  // The policy of the real server (src/http/reply.c), so that what it forbids fails here too.
  reply.writeHead(200, {
    'Content-Type': type ?? 'application/octet-stream',
    'Content-Security-Policy':
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
      "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; " +
      "worker-src 'self' blob:; child-src blob:; object-src 'none'; base-uri 'self'; " +
      "form-action 'self'; frame-ancestors 'none'",
  });
  createReadStream(name).pipe(reply);
}

function ogc(reply, path, query) {
  const [, , , id, what, , z, y, x] = path.split('/');
  const features = collections[id];
  if (!features) return problem(reply, 404, 'no such collection');
  if (what === 'items') {
    const limit = Number(query.get('limit') ?? 10);
    const offset = Number(query.get('offset') ?? 0);
    const links = [];
    if (offset + limit < features.length) {
      query.set('offset', String(offset + limit));
      links.push({ rel: 'next', href: `${path}?${query}` });
    }
    return send(reply, {
      type: 'FeatureCollection',
      features: features.slice(offset, offset + limit),
      links,
    });
  }
  const tile = tileIndexes[id].getTile(Number(z), Number(x), Number(y));
  reply.writeHead(200, { 'Content-Type': 'application/vnd.mapbox-vector-tile' });
  reply.end(tile ? vtpbf.fromGeojsonVt({ [id]: tile }, { version: 2 }) : Buffer.alloc(0));
}

function userOf(state, request) {
  const cookie = /dosi_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  return (cookie && state.sessions.get(cookie)) || null;
}

async function api(state, request, reply, path, query) {
  const user = userOf(state, request);
  const { method } = request;
  const parts = path.split('/').map(decodeURIComponent);
  if (method !== 'GET' && request.headers['x-dosi'] !== '1') {
    return problem(reply, 403, 'the header X-Dosi is missing');
  }
  const handler = handlers[`${method} ${parts[0]}`];
  if (!handler) return problem(reply, 404, `nothing at ${path}`);
  return handler({ state, request, reply, parts, query, user });
}

/** Describing and running need somebody who is signed in. */
const needsUser = (handler) => (call) =>
  call.user ? handler(call) : problem(call.reply, 401, 'sign in first');

const handlers = {
  'GET me': ({ state, reply, user }) =>
    send(reply, {
      user,
      lab: { title: { ko: '모의 연구실', en: 'Mock lab' }, zone: '+09:00', version: 'mock' },
      ...(user ? { must_change_password: state.mustChange } : {}),
    }),
  'POST session': async ({ state, request, reply }) => {
    const { name, password } = await bodyOf(request);
    if (name !== 'admin' || password !== state.password) return problem(reply, 401, 'wrong');
    const user = { id: 1, name: 'admin', role: 'administrator', organisations: ['sample'] };
    const id = `s${state.sessions.size + 1}x${Date.now()}`;
    state.sessions.set(id, user);
    return send(reply, { user }, 200, {
      'Set-Cookie': `dosi_session=${id}; Path=/; HttpOnly; SameSite=Strict`,
    });
  },
  'DELETE session': ({ state, reply }) => {
    state.sessions.clear();
    reply.writeHead(204).end();
  },
  'POST password': needsUser(async ({ state, request, reply }) => {
    const body = await bodyOf(request);
    if (body.old !== state.password) return problem(reply, 403, 'wrong');
    state.password = body.new;
    state.mustChange = false;
    reply.writeHead(204).end();
  }),
  'GET tokens': needsUser(({ state, reply }) => send(reply, { tokens: state.tokens })),
  'POST tokens': needsUser(async ({ state, request, reply }) => {
    const { label, scopes, days } = await bodyOf(request);
    const id = String(state.tokens.length + 1);
    const created = new Date();
    state.tokens.push({
      id,
      label,
      scopes,
      created: created.toISOString(),
      expires: new Date(created.getTime() + days * 86_400_000).toISOString(),
      last_used: null,
    });
    send(reply, { id, token: `dosi_${id}_secret` }, 201);
  }),
  'DELETE tokens': needsUser(({ state, reply, parts }) => {
    state.tokens = state.tokens.filter((one) => one.id !== parts[1]);
    reply.writeHead(204).end();
  }),
  'GET audit': needsUser(({ reply }) =>
    send(reply, {
      verified: true,
      records: [
        {
          seq: 2,
          utc: '2026-11-20T01:00:05Z',
          account: 'admin',
          channel: 'api',
          action: 'read',
          object: 'sample/dong@1',
          outcome: 'ok',
          detail: '',
        },
        {
          seq: 1,
          utc: '2026-11-20T01:00:00Z',
          account: '',
          channel: 'api',
          action: 'read',
          object: 'sample/stations@1',
          outcome: 'denied',
          detail: 'private',
        },
      ],
    }),
  ),
  'GET datasets': ({ state, reply, parts, user }) => {
    if (parts.length === 1) return send(reply, { datasets });
    const found = datasets.find((one) => one.reference === `${parts[1]}/${parts[2]}`);
    if (!found) return problem(reply, 404, 'no such dataset');
    if (parts[3] === 'lineage') return send(reply, lineage);
    if (parts[3] === 'rows') {
      const rows = times.slice(0, 50).map((time, i) => ['S01', time, i % 9 === 0 ? null : 20 + i]);
      return send(reply, { columns: found.columns, rows, total: found.rows });
    }
    if (parts[3]) return send(reply, {});
    const may = { describe: Boolean(user), write: Boolean(user) };
    return send(reply, { ...found, ...state.described[found.reference], may });
  },
  'PATCH datasets': needsUser(async ({ state, request, reply, parts }) => {
    const reference = `${parts[1]}/${parts[2]}`;
    state.described[reference] = { ...state.described[reference], ...(await bodyOf(request)) };
    send(reply, {
      ...datasets.find((one) => one.reference === reference),
      ...state.described[reference],
    });
  }),
  'GET methods': ({ reply }) => send(reply, { methods }),
  'GET studies': ({ state, reply, parts }) => {
    const one = { ...study, last_job: state.jobs[0] ?? null };
    return parts[1] ? send(reply, one) : send(reply, { studies: [one] });
  },
  'POST studies': needsUser(({ state, reply, parts }) => {
    const now = new Date().toISOString();
    const job = {
      id: `job-${state.jobs.length + 1}`,
      kind: 'study',
      subject: parts[1],
      state: 'running',
      progress: 0,
      message: 'qc',
      created: now,
      started: now,
      finished: null,
    };
    state.jobs.unshift(job);
    const isKnown = state.nRuns++ > 0;
    const timer = setInterval(() => {
      job.progress = Math.min(1, job.progress + 0.25);
      job.message = job.progress < 0.5 ? 'qc' : 'map';
      if (job.progress >= 1 && job.state === 'running') {
        job.state = 'successful';
        job.finished = new Date().toISOString();
      }
      if (job.state !== 'running') clearInterval(timer);
      for (const one of state.listeners)
        one.write(`event: job\ndata: ${JSON.stringify({ job })}\n\n`);
    }, 250);
    job.report = study.steps.map((step) => ({
      id: step.id,
      method: step.method,
      computed: !isKnown,
      seconds: isKnown ? 0 : 1.23,
      outputs: step.id === 'map' ? ['sample/air-map@2'] : [],
      changed: isKnown ? null : 'first run',
    }));
    send(reply, { job: job.id }, 202);
  }),
  'GET jobs': ({ state, reply, parts }) => {
    const shown = ({ report, ...job }) => job;
    if (!parts[1]) return send(reply, { jobs: state.jobs.map(shown) });
    const job = state.jobs.find((one) => one.id === parts[1]);
    if (!job) return problem(reply, 404, 'no such job');
    if (parts[2] === 'report') return send(reply, { steps: job.report });
    if (parts[2] === 'log') {
      reply.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
      return reply.end('qc: 36000 readings, 412 flagged\nmap: 72 hours\n');
    }
    return send(reply, shown(job));
  },
  'DELETE jobs': needsUser(({ state, reply, parts }) => {
    const job = state.jobs.find((one) => one.id === parts[1]);
    if (job?.state === 'running') job.state = 'dismissed';
    else state.jobs = state.jobs.filter((one) => one !== job);
    reply.writeHead(204).end();
  }),
  'GET events': ({ state, request, reply }) => {
    reply.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    reply.write(': hello\n\n');
    state.listeners.add(reply);
    request.on('close', () => state.listeners.delete(reply));
  },
  'GET alerts': ({ state, reply }) => send(reply, { alerts: state.alerts, watches }),
  'POST sql': async ({ request, reply }) => {
    const { sql } = await bodyOf(request);
    const name = /FROM "([^"]+)"/.exec(sql)?.[1];
    const rows = tables[name]?.(sql);
    if (!rows) return problem(reply, 404, `there is no ${name}`);
    const columns = Object.keys(rows[0]);
    const cells = rows.map((row) => columns.map((column) => row[column]));
    return send(reply, { columns, rows: cells, total: cells.length });
  },
  'GET layers': ({ reply, parts, query }) => {
    if (!parts[1]) {
      const base = {
        sample: {
          districts: 'sample.districts',
          dong: 'sample.dong',
          river: 'sample.river',
          extent,
        },
      };
      return send(reply, { layers, base });
    }
    const layer = layers.find((one) => one.id === parts[1]);
    const found =
      layer && (parts[2] === 'frame' ? frameOf(layer, query.get('time')) : seriesOf(layer, query));
    return found ? send(reply, found) : problem(reply, 404, 'no such frame or series');
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock(Number(process.argv[2] ?? 0));
  console.log(url);
}
