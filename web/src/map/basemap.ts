// The base map: drawn from the lab's own districts, neighbourhoods and river.
import type { ExpressionSpecification, Map as MapLibre, StyleSpecification } from 'maplibre-gl';
import { api } from '../shared/api';
import type { Base } from '../shared/types';
import { landOf } from './land';

/** The layer that data is drawn below, so that outlines and names stay readable. */
export const ABOVE_DATA = 'river';
const FONT = ['Pretendard GOV', 'Noto Sans KR', 'Noto Sans CJK KR', 'sans-serif'];

export const sourceOf = (collection: string): string => `collection:${collection}`;

const css = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function emptyStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {},
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': css('--map-ground') } },
    ],
  };
}

/** Adds a collection's tiles as a source, unless they are there. */
export function addCollection(map: MapLibre, collection: string, key: string | null): void {
  const id = sourceOf(collection);
  if (map.getSource(id)) return;
  map.addSource(id, {
    type: 'vector',
    tiles: [api.tilesUrl(collection)],
    minzoom: 6,
    maxzoom: 14,
    ...(key ? { promoteId: { [collection]: key } } : {}),
  });
}

/** Middle of a polygon's largest part, weighted by area: good enough to put a name on. */
function middleOf(geometry: GeoJSON.Geometry): [number, number] | null {
  const parts =
    geometry.type === 'Polygon'
      ? [geometry.coordinates]
      : geometry.type === 'MultiPolygon'
        ? geometry.coordinates
        : [];
  let best: { area: number; at: [number, number] } | null = null;
  for (const [ring = []] of parts) {
    let area = 0;
    let x = 0;
    let y = 0;
    for (let i = 0; i + 1 < ring.length; i++) {
      const [x0 = 0, y0 = 0] = ring[i] ?? [];
      const [x1 = 0, y1 = 0] = ring[i + 1] ?? [];
      const cross = x0 * y1 - x1 * y0;
      area += cross;
      x += (x0 + x1) * cross;
      y += (y0 + y1) * cross;
    }
    if (area !== 0 && (!best || Math.abs(area) > best.area)) {
      best = { area: Math.abs(area), at: [x / (3 * area), y / (3 * area)] };
    }
  }
  return best?.at ?? null;
}

/** Names of the districts, one point each. */
async function districtNames(collection: string): Promise<GeoJSON.FeatureCollection> {
  const features: GeoJSON.Feature[] = [];
  for (const one of await landOf(collection)) {
    const at = middleOf(one.geometry);
    const facts = one.properties ?? {};
    const name: unknown = facts.district_name ?? facts.name;
    if (at && typeof name === 'string') {
      features.push({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: at },
        properties: { name },
      });
    }
  }
  return { type: 'FeatureCollection', features };
}

/** Draws the base of an organisation. The map must have no base yet. */
export function addBase(map: MapLibre, base: Base, dongKey: string | null): void {
  const river = base.river;
  if (base.districts) addCollection(map, base.districts, null);
  if (base.dong) addCollection(map, base.dong, dongKey);
  if (river) addCollection(map, river, null);
  const land = base.districts ?? base.dong;
  if (land) {
    map.addLayer({ id: 'land', type: 'fill', source: sourceOf(land), 'source-layer': land });
  }
  if (river) {
    map.addLayer({
      id: ABOVE_DATA,
      type: 'fill',
      source: sourceOf(river),
      'source-layer': river,
      paint: { 'fill-opacity': 0.75 },
    });
  } else {
    map.addLayer({ id: ABOVE_DATA, type: 'background', paint: { 'background-opacity': 0 } });
  }
  if (base.dong) {
    map.addLayer({
      id: 'dong-line',
      type: 'line',
      source: sourceOf(base.dong),
      'source-layer': base.dong,
      paint: {
        'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.2, 14, 1],
        'line-opacity': ['interpolate', ['linear'], ['zoom'], 9, 0.2, 12, 0.9],
      },
    });
  }
  if (base.districts) {
    map.addLayer({
      id: 'district-line',
      type: 'line',
      source: sourceOf(base.districts),
      'source-layer': base.districts,
      paint: { 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.6, 14, 2] },
    });
    addNames(map, base.districts);
  }
}

function addNames(map: MapLibre, districts: string): void {
  map.addSource('names', {
    type: 'geojson',
    data: { type: 'FeatureCollection', features: [] },
  });
  map.addLayer({
    id: 'district-name',
    type: 'symbol',
    source: 'names',
    layout: {
      'text-field': ['get', 'name'] as ExpressionSpecification,
      'text-font': FONT,
      'text-size': ['interpolate', ['linear'], ['zoom'], 9, 12, 13, 17],
      'text-padding': 4,
    },
    paint: { 'text-halo-width': 1.4 },
  });
  districtNames(districts).then(
    (names) => {
      const source = map.getSource('names');
      if (source && 'setData' in source) (source as maplibregl.GeoJSONSource).setData(names);
    },
    // A map without names is still a map.
    () => undefined,
  );
}

/** Takes the base and everything drawn on it away. */
export function removeBase(map: MapLibre): void {
  for (const layer of map.getStyle().layers) if (layer.id !== 'ground') map.removeLayer(layer.id);
  for (const source of Object.keys(map.getStyle().sources)) map.removeSource(source);
}

/** Gives the base the colours of the theme. */
export function colourBase(map: MapLibre): void {
  const paint = (layer: string, property: string, value: string) => {
    if (map.getLayer(layer)?.type === 'background' && layer === ABOVE_DATA) return;
    if (map.getLayer(layer)) map.setPaintProperty(layer, property, value);
  };
  paint('ground', 'background-color', css('--map-ground'));
  paint('land', 'fill-color', css('--map-land'));
  paint(ABOVE_DATA, 'fill-color', css('--map-water'));
  paint('dong-line', 'line-color', css('--map-edge-soft'));
  paint('district-line', 'line-color', css('--map-edge'));
  paint('district-name', 'text-color', css('--text'));
  paint('district-name', 'text-halo-color', css('--surface'));
  paint('selected-edge', 'line-color', css('--text'));
  paint('selected-halo', 'line-color', css('--surface'));
  paint('points', 'circle-stroke-color', css('--surface'));
  paint('selected-point', 'circle-stroke-color', css('--text'));
}
